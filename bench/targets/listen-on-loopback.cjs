// Preloaded into peers that listen on every address: whatever they ask for, they get 127.0.0.1.
const net = require('node:net');
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (...args) {
  const [first] = args;
  const done = args.filter((arg) => typeof arg === 'function');
  if (typeof first === 'object' && first !== null && first.port !== undefined) return listen.call(this, { ...first, host: '127.0.0.1' }, ...done);
  if (typeof first === 'number' || /^\d+$/.test(first)) return listen.call(this, { port: Number(first), host: '127.0.0.1' }, ...done);
  return listen.apply(this, args);
};
