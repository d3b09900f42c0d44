// SPDX-License-Identifier: MIT
// parse.mjs PACKAGES FILE: parses each query of a file (JSON lines [name, query]) by the grammar that
// Prometheus' own editor uses, and prints "ok NAME", or "not ok NAME: where" for one with an error.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [packages, file] = process.argv.slice(2)
const { parser } = createRequire(`${packages}/`)('@prometheus-io/lezer-promql')

for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
	const [name, query] = JSON.parse(line)
	let error = -1
	parser.parse(query).iterate({ enter(node) { if (node.type.isError && error < 0) error = node.from } })
	const where = error < 0 ? '' : `: ${query.slice(0, error)} >>> ${query.slice(error)}`
	console.log(`${where ? 'not ok' : 'ok'} ${name}${where}`.replaceAll('\n', ' '))
}
