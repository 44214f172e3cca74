// Runs @netlify/build with the flags of a file, and leaves in another how it ended. Flags are no
// arguments, since everybody on a machine may read those.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const beside = (name) => new URL(name, import.meta.url)
const SYSTEM_ERROR = 4
const RULE = /^─{3,}$/
const COLOURS = /\u001b\[[0-9;]*m/g

const { entry, flags } = JSON.parse(readFileSync(beside('.boathook-flags.json'), 'utf8'))
rmSync(beside('.boathook-flags.json'))

// the headline of an error stands above a rule, and what it says below the words "Error message"; the
// last one says what the build failed of
let previous = ''
let headline = ''
let message = ''
const bare = (text) => text.replace(COLOURS, '').replaceAll('\u200b', '').trim()
const take = (line) => {
  if (line === '') return
  if (RULE.test(line)) [headline, message] = [previous, '']
  if (previous === 'Error message') message = line
  previous = line
}
const listen = (stream) => {
  const write = stream.write.bind(stream)
  stream.write = (chunk, ...rest) => {
    String(chunk).split('\n').map(bare).forEach(take)
    return write(chunk, ...rest)
  }
}
listen(process.stdout)
listen(process.stderr)

let severity = SYSTEM_ERROR
process.on('exit', () => {
  writeFileSync(beside('.boathook-ended.json'), JSON.stringify({ severity, headline, message }))
  process.exitCode = severity
})
const { default: build } = await import(pathToFileURL(entry))
severity = (await build(flags)).severityCode
