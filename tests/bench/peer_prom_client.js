// SPDX-License-Identifier: MIT
// prom-client on the workloads of workload.h, in the words of measure.h:
//
//   node peer_prom_client.js updates | text KIND N | memory N
//
// The package is found by NODE_PATH. Times are CPU time of the process: other threads collect its
// garbage.
'use strict';
const client = require('prom-client');
const fs = require('fs');

const JOBS = ['worker', 'api-server', 'frontend', 'scheduler'];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const STATUSES = ['200', '201', '204', '301', '400', '404', '500', '503'];
const BOUNDS = [.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30];
const MASK = (1n << 64n) - 1n;

function mix(number) {
  let x = (BigInt(number) + 0x9e3779b97f4a7c15n) & MASK;
  x = ((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  x = ((x ^ (x >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return x ^ (x >> 31n);
}

function integer(i) {
  const x = mix(i);
  return Number((x >> 8n) % 10n ** (1n + x % 7n));
}

function ratio(i) {
  return Number(mix(i) >> 11n) * 2 ** -53 * 100;
}

function duration(i) {
  return 0.003 * 1.7 ** Number(mix(i) % 18n);
}

function cpuNs() {
  const usage = process.cpuUsage();
  return (usage.user + usage.system) * 1000;
}

async function measure(row, repetitions, count, unit, prepare, run) {
  const values = [];
  for (let turn = repetitions > 1 ? -1 : 0; turn < repetitions; turn++) { // -1: a warm-up
    prepare();
    const start = cpuNs();
    await run();
    if (turn >= 0)
      values.push((cpuNs() - start) / count);
  }
  values.sort((a, b) => a - b);
  const median = values[Math.floor(values.length / 2)];
  console.log(`prom-client ${row} ${median.toPrecision(5)} ${values[0].toPrecision(5)} ${unit}`);
}

async function updates() {
  const registry = new client.Registry();
  const registers = [registry];
  const counter = new client.Counter({name: 'c', help: 'x', registers});
  const gauge = new client.Gauge({name: 'g', help: 'x', registers});
  const histogram = new client.Histogram({name: 'h', help: 'x', buckets: BOUNDS, registers});
  const labelNames = ['tenant', 'method', 'status'];
  const family = new client.Counter({name: 'f', help: 'x', labelNames, registers});
  const values = [], labels = [];
  for (let i = 0; i < 1024; i++) {
    const child = Number(mix(i) % 1000n);
    values.push(duration(i));
    labels.push([`tenant-${Math.floor(child / 32)}`, METHODS[Math.floor(child / 8) % 4],
      STATUSES[child % 8]]);
  }
  const times = 200000;
  const loop = (row, call) => measure(row, 5, times, 'ns/update', () => {}, () => {
    for (let i = 0; i < times; i++)
      call(i % 1024);
  });
  await loop('counter_inc', () => counter.inc());
  await loop('gauge_set', i => gauge.set(values[i]));
  await loop('histogram_observe', i => histogram.observe(values[i]));
  await loop('lookup_inc', i => family.labels(...labels[i]).inc());
}

// A registry with C(N), G(N) or H(N), and its instruments.
class Work {
  constructor(kind, series) {
    this.kind = kind;
    this.turn = 0;
    this.registry = new client.Registry();
    const registers = [this.registry];
    const labelNames = ['instance', 'job', 'method', 'status'];
    if (kind === 'C')
      this.family = new client.Counter(
        {name: 'http_requests_total', help: 'Requests answered.', labelNames, registers});
    else if (kind === 'G')
      this.family = new client.Gauge(
        {name: 'process_load_ratio', help: 'Load.', labelNames, registers});
    else
      this.family = new client.Histogram({name: 'http_request_duration_seconds',
        help: 'Time to answer.', labelNames: labelNames.slice(0, 3), buckets: BOUNDS, registers});
    this.children = [];
    const count = kind === 'H' ? Math.floor(series / 15) : series;
    for (let i = 0; i < count; i++)
      this.children.push(this.make(i));
  }

  make(i) {
    const k = Math.floor(i / (this.kind === 'H' ? 4 : 32));
    const instance = `10.0.${Math.floor(k / 250)}.${k % 250}:9100`;
    if (this.kind === 'H') {
      const child = this.family.labels(instance, JOBS[k % 4], METHODS[i % 4]);
      for (let q = 0; q < 20; q++)
        child.observe(duration(i * 64 + q));
      return child;
    }
    const child = this.family.labels(instance, JOBS[k % 4], METHODS[Math.floor(i / 8) % 4],
      STATUSES[i % 8]);
    if (this.kind === 'C')
      child.inc(integer(i + 1));
    else
      child.set(ratio(i + 1));
    return child;
  }

  advance() {
    let i = ++this.turn * this.children.length;
    for (const child of this.children) {
      if (this.kind === 'C')
        child.inc();
      else if (this.kind === 'G')
        child.set(ratio(i++));
      else
        child.observe(duration(i++));
    }
  }
}

async function text(kind, wanted) {
  const series = kind === 'H' ? Math.floor(wanted / 15) * 15 : wanted;
  const work = new Work(kind, series);
  const repetitions = series > 500000 ? 1 : series > 50000 ? 3 : 9;
  const end = `/${kind}/${series}`;
  await measure('gather' + end, repetitions, series, 'ns/series', () => {},
    () => work.registry.getMetricsAsJSON());
  await measure('text' + end, repetitions, series, 'ns/line', () => work.advance(),
    () => work.registry.metrics());
  if (kind === 'C')
    await measure('create' + end, repetitions, series, 'ns/series', () => {},
      () => { new Work(kind, series); });
}

function resident() {
  return Number(fs.readFileSync('/proc/self/statm', 'ascii').split(' ')[1]) * 4096;
}

function memory(series) {
  const before = resident();
  const work = new Work('C', series);
  const each = ((resident() - before) / work.children.length).toPrecision(5);
  console.log(`prom-client memory/C/${series} ${each} ${each} bytes/series`);
}

async function main(words) {
  if (words[0] === 'updates' && words.length === 1)
    await updates();
  else if (words[0] === 'text' && words.length === 3)
    await text(words[1], Number(words[2]));
  else if (words[0] === 'memory' && words.length === 2)
    memory(Number(words[1]));
  else
    process.exitCode = 64;
}

main(process.argv.slice(2));
