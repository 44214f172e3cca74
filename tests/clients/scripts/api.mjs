// Calls operations of @netlify/api by name: one JSON line in, one JSON line out.
// Arguments: the folder the client is installed in, host:port of the server, a token.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [folder, host, token] = process.argv.slice(2)
const require = createRequire(`${folder}/script.js`)
const { NetlifyAPI } = await import(pathToFileURL(require.resolve('@netlify/api')))
const client = new NetlifyAPI(token, { scheme: 'http', host, pathPrefix: '/api/v1' })

const call = async ({ operation, parameters }) => {
  try {
    return { value: (await client[operation](parameters)) ?? null }
  } catch (error) {
    return { error: { status: error.status ?? 0, message: error.message, json: error.json ?? null } }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await call(JSON.parse(line))) + '\n')
}
