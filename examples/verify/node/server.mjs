// A consumer of notifications with nothing but Node. Needs PORT and WEBHOOK_SECRET.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const { PORT = '3000', WEBHOOK_SECRET: secret } = process.env
if (!secret) throw new Error('WEBHOOK_SECRET is not set')

const hmac = (...parts) => parts.reduce((mac, part) => mac.update(part), createHmac('sha256', secret)).digest()
const same = (a, b) => a.length === b.length && timingSafeEqual(a, b)

// The token: whoever made it knows the secret, and vouches for exactly this body.
function signed(token, body) {
  const [header, claims, signature, more] = token.split('.')
  if (!signature || more !== undefined) return false
  if (!same(Buffer.from(signature, 'base64url'), hmac(`${header}.${claims}`))) return false
  const read = (part) => JSON.parse(Buffer.from(part, 'base64url').toString())
  const { iss, sha256 } = read(claims)
  const digest = createHash('sha256').update(body).digest('hex')
  return read(header).alg === 'HS256' && iss === 'netlify' && sha256 === digest
}

// The token never expires. This signature covers the time, so that old deliveries can be refused.
function fresh(id, time, signatures, body) {
  if (!(Math.abs(Date.now() / 1000 - Number(time)) < 300)) return false
  const expected = Buffer.from(`v1,${hmac(`${id}.${time}.`, body).toString('base64')}`)
  return signatures.split(' ').some((one) => same(Buffer.from(one), expected))
}

function verified({ headers }, body) {
  const get = (name) => headers[name] ?? ''
  return (
    signed(get('x-webhook-signature'), body) &&
    fresh(get('webhook-id'), get('webhook-timestamp'), get('webhook-signature'), body)
  )
}

createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks) // the bytes, before any parser saw them
  if (!verified(request, body)) return response.writeHead(401).end()
  const event = JSON.parse(body.toString())
  console.log(request.headers['x-netlify-event'], event.id)
  response.writeHead(204).end()
}).listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${PORT}`))
