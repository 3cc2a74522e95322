/** The built-in stand-in provider of `gateway serve --demo`; its package is loaded only then. */
export interface DemoProvider {
  readonly url: string;
  stop(): Promise<void>;
}

const ANSWER = 'Hello from the demo provider. Your request went through the gateway and left one record: '
  + 'try `gateway metrics top --by provider`.';

export async function startDemoProvider(): Promise<DemoProvider> {
  const { LLMock } = await import('@copilotkit/aimock');
  const mock = new LLMock({ port: 0, host: '127.0.0.1', logLevel: 'silent' });
  mock.on({ predicate: () => true }, { content: ANSWER });
  const url = await mock.start();
  return { url, stop: () => mock.stop() };
}
