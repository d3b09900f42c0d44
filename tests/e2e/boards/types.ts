// SPDX-License-Identifier: MIT
// What Grafana's own types say of a dashboard as JSON: enums as their values, the options and fields
// of each kind of panel by that kind. 31-dashboards.sh appends each file as a constant, so that the
// compiler tells what is missing, misspelt or of the wrong type.
import type * as grafana from '@grafana/schema'
import type * as bargauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen'
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen'
import type * as piechart from '@grafana/schema/dist/esm/raw/composable/piechart/panelcfg/x/PieChartPanelCfg_types.gen'
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen'
import type * as timeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen'
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen'

type Json<T> =
	T extends string ? `${T}`
	: T extends number ? (`${T}` extends `${infer N extends number}` ? N : T)
	: T extends (infer U)[] ? Json<U>[]
	: T extends object ? { [K in keyof T]: Json<T[K]> }
	: T

// Prometheus' part of a query has no types in this package.
interface Query extends grafana.DataQuery {
	datasource: grafana.DataSourceRef
	expr: string
	legendFormat: string
	editorMode: 'code'
	format: 'time_series' | 'heatmap'
	instant: boolean
	range: boolean
}

type Told = 'title' | 'description' | 'id' | 'gridPos' | 'datasource'
interface PanelOf<Kind, Options, Custom> extends
	Required<Pick<grafana.Panel, Told>>,
	Omit<grafana.Panel, Told | 'type' | 'options' | 'fieldConfig' | 'targets'> {
	type: Kind
	options: Options
	fieldConfig: {
		defaults: Omit<grafana.FieldConfig, 'custom' | 'unit'> & { unit: string, custom?: Custom }
		overrides: grafana.FieldConfigSource['overrides']
	}
	targets: Query[]
}

type Panel =
	| PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>
	| PanelOf<'stat', stat.Options, never>
	| PanelOf<'piechart', piechart.Options, piechart.FieldConfig>
	| PanelOf<'state-timeline', timeline.Options, timeline.FieldConfig>
	| PanelOf<'bargauge', bargauge.Options, never>
	| PanelOf<'heatmap', heatmap.Options, heatmap.FieldConfig>

// What scripts/catalog makes, and what `pitot dashboard FILE` does, which leaves more to Grafana.
type Generated = Json<Omit<grafana.Dashboard, 'panels'> & { uid: string, panels: Panel[] }>
type OfFile = Json<grafana.Dashboard>
