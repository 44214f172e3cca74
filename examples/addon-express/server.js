// The server of an add-on with Express and jsonwebtoken: it greets a name on every page of a site.
// Needs ADDON_SECRET; PORT is 3000 unless it is set.
const { randomUUID } = require('node:crypto')
const express = require('express')
const jwt = require('jsonwebtoken')

const { PORT = '3000', ADDON_SECRET: secret } = process.env
if (!secret) throw new Error('ADDON_SECRET is not set')

const manifest = {
  name: 'Greeter',
  description: 'Greets somebody at the foot of every page',
  config: { name: { displayName: 'Name', description: 'Who is greeted', type: 'string', required: true } },
}
const instances = new Map() // by our ids; yours belong into a database

// Whoever made the token knows the secret. It must end, and name an instance: people of a site get
// tokens of the same secret as a login, and those name none.
function verify(request, response, next) {
  try {
    const claims = jwt.verify(request.get('X-Nf-Sign'), secret, { algorithms: ['HS256'] })
    const named = request.path === '/manifest' || typeof claims.netlify_id === 'string'
    if (!claims.exp || !named) throw new Error('the token says too little')
    request.claims = claims
    next()
  } catch {
    response.status(401).json({ message: 'X-Nf-Sign is missing or does not verify' })
  }
}

function find(request, response, next) {
  const { id } = request.params
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

const app = express()
app.use(verify, express.json({ limit: '1mb' }))
app.get('/manifest', (_, response) => response.json(manifest))
app.post('/instances', create)
app.get('/instances/:id', find, ({ instance }, response) => response.json(shown(instance)))
app.put('/instances/:id', find, update)
app.delete('/instances/:id', find, remove)
app.use((error, _request, response, _next) => {
  response.status(error.status ?? 500).json({ message: error.expose ? error.message : 'this went wrong' })
})
app.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${PORT}`))
