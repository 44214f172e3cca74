// A consumer of notifications with npm `jsonwebtoken`. Needs PORT and WEBHOOK_SECRET.
const { createHash, createHmac, timingSafeEqual } = require('node:crypto')
const { createServer } = require('node:http')
const jwt = require('jsonwebtoken')

const { PORT = '3000', WEBHOOK_SECRET: secret } = process.env
if (!secret) throw new Error('WEBHOOK_SECRET is not set')

// The token: whoever made it knows the secret, and vouches for exactly this body.
function signed(token, body) {
  try {
    const { sha256 } = jwt.verify(token, secret, { issuer: 'netlify', algorithms: ['HS256'] })
    return sha256 === createHash('sha256').update(body).digest('hex')
  } catch {
    return false
  }
}

// The token never expires. This signature covers the time, so that old deliveries can be refused.
function fresh(id, time, signatures, body) {
  if (!(Math.abs(Date.now() / 1000 - Number(time)) < 300)) return false
  const mac = createHmac('sha256', secret).update(`${id}.${time}.`).update(body)
  const expected = Buffer.from(`v1,${mac.digest('base64')}`)
  const same = (one) => one.length === expected.length && timingSafeEqual(one, expected)
  return signatures.split(' ').some((one) => same(Buffer.from(one)))
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
