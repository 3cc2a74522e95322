#!/usr/bin/env node
/* The first lines must parse and run on any Node: no import statement, no syntax younger than 2015. */
var needed = [22, 19];
var running = process.versions.node.split('.').map(Number);

if (running[0] < needed[0] || (running[0] === needed[0] && running[1] < needed[1])) {
  process.stderr.write(
    'gateway needs Node ' + needed.join('.') + ' or newer and runs on ' + process.versions.node
    + ': install a newer one, or in a clone say `npm start` or `npx gateway`, which bring their own.\n'
  );
  process.exit(2);
}

import('../dist/cli/main.js').catch(function (error) {
  var unbuilt = error && error.code === 'ERR_MODULE_NOT_FOUND' && String(error.message).indexOf('cli/main.js') !== -1;
  process.stderr.write(unbuilt ? 'gateway is not built yet: say `npm run build` in this folder.\n' : String(error && error.stack) + '\n');
  process.exit(unbuilt ? 2 : 1);
});
