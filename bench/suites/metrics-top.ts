/** How long `metrics top` takes over many records; the start of the process is excluded. */
export interface TopResult {
  readonly records: number;
  /** Over the local log, its Parquet cache built. */
  readonly localSeconds: number | undefined;
  readonly elasticsearchSeconds: number | undefined;
  /** The bare aggregation request for the same rows. */
  readonly aggregationSeconds: number | undefined;
}
