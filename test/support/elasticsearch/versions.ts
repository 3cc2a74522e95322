/** The lines of Elasticsearch that the product supports, and the release of each that tests run. */
export type Major = '7' | '8' | '9';

export interface Release {
  readonly major: Major;
  /** Not every release is published as a bare distribution: these are. */
  readonly version: string;
  /** The JDKs that can run it: lowest and highest feature release. */
  readonly jdk: readonly [number, number];
}

export const RELEASES: readonly Release[] = [
  { major: '7', version: '7.17.29', jdk: [17, 21] },
  { major: '8', version: '8.19.21', jdk: [17, 21] },
  { major: '9', version: '9.2.4', jdk: [21, 99] },
];

/** The release of that line. */
export function release(major: Major): Release {
  const found = RELEASES.find((one) => one.major === major);
  if (found === undefined) throw new Error(`no release known of Elasticsearch ${major}`);
  return found;
}

/** What GATEWAY_TEST_ELASTICSEARCH_VERSION asks for; undefined = the newest that can run. */
export function askedMajor(env: NodeJS.ProcessEnv = process.env): Major | undefined {
  const text = env['GATEWAY_TEST_ELASTICSEARCH_VERSION'];
  if (text === undefined || text === '') return undefined;
  if (text === '7' || text === '8' || text === '9') return text;
  throw new Error(`GATEWAY_TEST_ELASTICSEARCH_VERSION=${text}: must be 7, 8 or 9`);
}
