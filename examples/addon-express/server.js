// The server of an add-on with Express and jsonwebtoken: it greets a name on every page of a site, and the
// site's visitors at /.netlify/<slug>/. Needs ADDON_SECRET; PORT is 3000 unless it is set, and PUBLIC_URL
// is where the platform reaches this server.
const { randomUUID } = require('node:crypto')
const express = require('express')
const jwt = require('jsonwebtoken')

const { PORT = '3000', PUBLIC_URL = `http://localhost:${PORT}`, ADDON_SECRET: secret } = process.env
if (!secret) throw new Error('ADDON_SECRET is not set')

const manifest = {
  name: 'Greeter',
  description: 'Greets somebody at the foot of every page',
  config: { name: { displayName: 'Name', description: 'Who is greeted', type: 'string', required: true } },
}
const instances = new Map() // by our ids; yours belong into a database

// What a token says, if it was signed with our secret and has not expired.
function read(token) {
  try {
    return jwt.verify(token, secret, { algorithms: ['HS256'] })
  } catch {
    return undefined
  }
}

// The platform signs every request, for a day after a change of secrets with both. A signature must end,
// and name an instance: people of a site get tokens of the same secret as a login, and those name none.
function verify(request, response, next) {
  const signed = ['X-Nf-Sign', 'X-Nf-Sign-Previous'].map((name) => read(request.get(name)))
  const named = (claims) => request.path === '/manifest' || typeof claims.netlify_id === 'string'
  request.claims = signed.find((claims) => claims?.exp && named(claims))
  if (request.claims) return next()
  response.status(401).json({ message: 'X-Nf-Sign is missing or does not verify' })
}

// The instance of the path, or the one that the signature names when a visitor asks.
function find(request, response, next) {
  const { id = request.claims.id } = request.params
  if (request.claims.id !== id) return response.status(401).json({ message: 'the token is for another instance' })
  request.instance = instances.get(id)
  if (!request.instance) return response.status(404).json({ message: 'no such instance' })
  next()
}

// What is wrong with a configuration: the platform hands it on to whoever asked.
function fault(config) {
  const name = config?.name
  if (typeof name === 'string' && name.trim() !== '' && name.length <= 100) return undefined
  return 'name must be a text of 1 to 100 characters'
}

const escape = (text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)

const shown = ({ name }) => ({
  config: { name },
  env: { GREETER_NAME: name },
  snippets: [{ title: 'Greeting', position: 'footer', html: `<p>Hello, ${escape(name)}!</p>` }],
  endpoint: `${PUBLIC_URL}/site`, // where requests of visitors go
})

function create({ claims, body }, response) {
  const { uuid, config } = body ?? {}
  if (!uuid || uuid !== claims.netlify_id) return response.status(400).json({ message: 'uuid is not what was signed' })
  const message = fault(config?.config)
  if (message) return response.status(422).json({ message })
  // The answer to the first may have got lost: one uuid, one instance.
  const known = [...instances].find(([, instance]) => instance.uuid === uuid)
  const id = known ? known[0] : randomUUID()
  if (!known) instances.set(id, { uuid, name: config.config.name })
  response.status(201).json({ id, message: `${config.config.name} will be greeted`, ...shown(instances.get(id)) })
}

function update({ instance, body }, response) {
  const message = fault(body?.config)
  if (message) return response.status(422).json({ message })
  instance.name = body.config.name
  response.json(shown(instance))
}

function remove({ params }, response) {
  instances.delete(params.id)
  response.status(204).end()
}

// Who asks is in the token of the site's visitor, signed anew with our secret. The platform hands on as it
// came what it could not verify.
function visit(request, response) {
  const token = /^Bearer (.+)$/i.exec(request.get('Authorization') ?? '')?.[1]
  const visitor = token && read(token)
  if (token && !visitor?.sub) return response.status(401).json({ message: 'your token does not verify' })
  response.json({ hello: visitor?.email ?? request.instance.name, site: request.get('X-NF-SITE-URL') })
}

const app = express()
app.use(verify, express.json({ limit: '1mb' }))
app.get('/manifest', (_, response) => response.json(manifest))
app.post('/instances', create)
app.get('/instances/:id', find, ({ instance }, response) => response.json(shown(instance)))
app.put('/instances/:id', find, update)
app.delete('/instances/:id', find, remove)
app.get('/site', find, visit)
app.use((error, _request, response, _next) => {
  response.status(error.status ?? 500).json({ message: error.expose ? error.message : 'this went wrong' })
})
app.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${PORT}`))
