// The server of an add-on, as an author would write it: it verifies X-Nf-Sign with npm `jsonwebtoken` before it does
// anything. Argument: the folder that is installed in. Prints its port; reads the add-on's secret as the first line; then
// prints one JSON line for each request.
import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const jwt = createRequire(`${process.argv[2]}/script.js`)('jsonwebtoken')
const instances = new Map()
let secret

const read = async (request) => {
  const parts = []
  for await (const part of request) parts.push(part)
  const text = Buffer.concat(parts).toString()
  return text === '' ? null : JSON.parse(text)
}

// Some hosts of add-ons look the header up literally, so its spelling counts.
const spelled = (request, name) => request.rawHeaders.find((_, at) => at % 2 === 1 && request.rawHeaders[at - 1] === name)

const manifest = {
  name: 'Demo',
  description: 'Keeps a name',
  admin_url: 'https://demo.example/sso?from=netlify',
  config: { name: { displayName: 'Your name', description: 'Shown', type: 'string', required: true } },
}
const values = ({ name, endpoint = `http://127.0.0.1:${server.address().port}/visited` }) => ({ config: { name }, env: { DEMO_NAME: name }, endpoint })

// The instance is finished: whoever knows the secret may say so, about exactly this body.
const callBack = async (url, uuid, said) => {
  const body = JSON.stringify(said)
  const sha256 = createHash('sha256').update(body).digest('hex')
  const token = jwt.sign({ netlify_id: uuid, sha256 }, secret, { expiresIn: '5m' })
  return fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Nf-Sign': token }, body })
}

// What visitors ask the site for, and how the site vouches for it.
const visit = ({ id }) => (instances.has(id) ? [200, { hello: instances.get(id).config.name }] : [404, { message: 'no such instance' }])

const act = (method, path, body, callback) => {
  const id = decodeURIComponent(path.split('/')[3] ?? '')
  if (method === 'GET' && path === '/api/manifest') return [200, manifest]
  if (method === 'POST' && path === '/api/instances') {
    const made = `inst/${randomUUID()}`
    instances.set(made, values(body.config.config))
    if (body.config.config.name === 'later') {
      setTimeout(() => callBack(callback, body.uuid, { state: 'active', env: { DEMO_NAME: 'at last' } }), 500)
      return [201, { id: made, state: 'provisioning', message: 'It takes a moment' }]
    }
    return [201, { id: made, message: `Welcome, ${body.config.config.name}`, ...instances.get(made) }]
  }
  if (!path.startsWith('/api/instances/') || !instances.has(id)) return [404, { message: 'no such instance' }]
  if (method === 'PUT') instances.set(id, values(body.config))
  if (method === 'DELETE') return [instances.delete(id) ? 204 : 404]
  return [200, instances.get(id)]
}

const server = createServer(async (request, response) => {
  const body = await read(request)
  const token = spelled(request, 'X-Nf-Sign')
  const seen = { token, method: request.method, path: request.url, body, bearer: request.headers.authorization === `Bearer ${secret}` }
  try {
    seen.claims = jwt.verify(token, secret)
    const visited = request.url.startsWith('/visited')
    if (visited) seen.headers = request.headers
    const [status, answer] = visited ? visit(seen.claims) : act(request.method, request.url, body, spelled(request, 'X-Nf-Callback'))
    response.writeHead(status, answer ? { 'Content-Type': 'application/json' } : {})
    response.end(answer && JSON.stringify(answer))
  } catch (error) {
    seen.refused = error.message
    response.writeHead(401).end()
  }
  process.stdout.write(`${JSON.stringify(seen)}\n`)
})

createInterface({ input: process.stdin }).once('line', (line) => { secret = line })
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
