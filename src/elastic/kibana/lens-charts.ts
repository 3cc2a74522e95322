import type { JsonObject } from '../json.js';
import type { Columns } from './lens-columns.js';

const LAYER = 'l1';

/** What a Lens object says, but for its title. */
export interface Chart {
  readonly visualizationType: 'lnsXY' | 'lnsDatatable' | 'lnsMetric';
  readonly state: JsonObject;
}

export type SeriesType = 'line' | 'bar_stacked' | 'bar_horizontal' | 'bar_horizontal_stacked';

/** A chart with `x` (a bucket) across, one series for each measure, or for each value of `split`. */
export function xy(series: SeriesType, x: Columns, measures: readonly Columns[], split?: Columns, query = ''): Chart {
  const layer = {
    layerId: LAYER, layerType: 'data', position: 'top', seriesType: series, showGridlines: false,
    accessors: measures.map(first), xAccessor: first(x), ...(split !== undefined && { splitAccessor: first(split) }),
  };
  const visualization = {
    legend: { isVisible: true, position: 'right' }, valueLabels: 'hide', fittingFunction: 'None', preferredSeriesType: series,
    axisTitlesVisibilitySettings: { x: false, yLeft: true, yRight: true }, layers: [layer],
  };
  return { visualizationType: 'lnsXY', state: state([...(split ?? []), ...x, ...measures.flat()], visualization, query) };
}

/** A table: a row for each combination of the buckets. */
export function table(buckets: readonly Columns[], measures: readonly Columns[], query = ''): Chart {
  const visualization = { layerId: LAYER, layerType: 'data', columns: [...buckets, ...measures].map((columns) => ({ columnId: first(columns), isTransposed: false })) };
  return { visualizationType: 'lnsDatatable', state: state([...buckets.flat(), ...measures.flat()], visualization, query) };
}

/** One number. */
export function number(what: Columns): Chart {
  return { visualizationType: 'lnsMetric', state: state(what, { layerId: LAYER, layerType: 'data', accessor: first(what) }, '') };
}

/** References of a Lens object to its data view. */
export function dataViewReferences(dataView: string): readonly JsonObject[] {
  return ['indexpattern-datasource-current-indexpattern', `indexpattern-datasource-layer-${LAYER}`].map((name) => ({ type: 'index-pattern', id: dataView, name }));
}

function state(columns: Columns, visualization: JsonObject, query: string): JsonObject {
  return {
    datasourceStates: { indexpattern: { layers: { [LAYER]: { columnOrder: columns.map(([id]) => id), columns: Object.fromEntries(columns), incompleteColumns: {} } } } },
    visualization, query: { query, language: 'kuery' }, filters: [],
  };
}

function first(columns: Columns): string {
  return columns[0]?.[0] ?? '';
}
