import { expect } from 'chai';
import { closest } from '../../../src/domain/closest.js';
import { checkCommand, wantsJson, withoutHelpWord, type Commands } from '../../../src/cli/command-line.js';
import { Failure } from '../../../src/domain/failure.js';

const IDS = ['serve', 'es:init', 'es:verify', 'metrics:top', 'prices:show'];

/** oclif's configuration of these commands; `prices show` takes an argument. */
const commands = {
  bin: 'gateway',
  commandIDs: IDS,
  findCommand: (id: string) => (IDS.includes(id) ? { id, strict: true, args: id === 'prices:show' ? { model: {} } : {} } : undefined),
  findTopic: (name: string) => (IDS.some((id) => id.startsWith(`${name}:`)) ? { name } : undefined),
} as unknown as Commands;

function refusal(...argv: string[]): Failure {
  try {
    checkCommand(commands, argv);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
}

describe('the command line', () => {
  for (const line of ['', 'serve', 'serve --port 1', 'es init', 'es', 'es --help', 'prices show openai/gpt-4o', '--help', '-h', '--version', '-v', 'serve --help']) {
    it(`accepts: gateway ${line}`, () => {
      expect(() => { checkCommand(commands, line.split(' ').filter((word) => word !== '')); }).not.to.throw();
    });
  }

  it('refuses a word that is no command, and says which was meant', () => {
    const { code, message, fix, exitCode } = refusal('serv', '--port', '1');
    expect({ code, message, exitCode }).to.deep.equal({ code: 'unknown_command', message: 'gateway serv: there is no such command', exitCode: 2 });
    expect(fix).to.equal('Did you mean gateway serve? gateway --help lists the commands.');
    expect(refusal('es', 'verfiy').fix).to.match(/^Did you mean gateway es verify\?/);
  });

  it('lists what there is where nothing is near', () => {
    expect(refusal('es', 'destroy').fix).to.equal('There are gateway es init, gateway es verify.');
    expect(refusal('launch').fix).to.equal('gateway --help lists the commands.');
  });

  it('refuses a topic by itself under --json, which would get help text', () => {
    expect(refusal('es', '--json').fix).to.equal('Say which: gateway es init, gateway es verify.');
  });

  it('refuses an argument that a command does not take', () => {
    expect(refusal('serve', 'now').message).to.equal('gateway serve: takes no argument, and was given now');
  });

  it('refuses a flag before the command', () => {
    expect(refusal('--port', '1', 'serve').code).to.equal('unknown_flag');
  });

  it('turns the word help into the flag', () => {
    expect(withoutHelpWord(['help', 'es', 'init'])).to.deep.equal(['es', 'init', '--help']);
    expect(withoutHelpWord(['es', 'help'])).to.deep.equal(['es', 'help']);
  });

  it('wants JSON where --json is said before --', () => {
    expect(wantsJson(['es', 'init', '--json'])).to.equal(true);
    expect(wantsJson(['es', '--', '--json'])).to.equal(false);
  });
});

describe('the closest word', () => {
  it('is one slip away: a letter more, less, wrong or swapped', () => {
    for (const word of ['sserve', 'serv', 'sorve', 'sevre']) expect(closest(word, IDS)).to.equal('serve');
  });

  it('is none where nothing is near', () => {
    expect(closest('destroy', IDS)).to.equal(undefined);
  });

  it('is the nearest of several', () => {
    expect(closest('prot', ['host', 'port'])).to.equal('port');
  });
});
