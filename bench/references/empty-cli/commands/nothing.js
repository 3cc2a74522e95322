import { Command } from '@oclif/core';

/** An oclif command that does nothing: what the framework's start costs. */
export default class Nothing extends Command {
  static summary = 'do nothing';

  async run() {}
}
