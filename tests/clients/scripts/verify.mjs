// Verifies a notification with npm `jsonwebtoken`, as a consumer would. Argument: the folder it is installed in.
// In: {token, secret, body (hex)}; out: {claims} or {refused}.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const jwt = createRequire(`${process.argv[2]}/script.js`)('jsonwebtoken')
const { token, secret, body } = JSON.parse(readFileSync(0, 'utf8'))

const verify = () => {
  try {
    const claims = jwt.verify(token, secret, { issuer: 'netlify', algorithms: ['HS256'] })
    const digest = createHash('sha256').update(Buffer.from(body, 'hex')).digest('hex')
    return claims.sha256 === digest ? { claims } : { refused: 'the body is not the signed one' }
  } catch (error) {
    return { refused: error.message }
  }
}

process.stdout.write(JSON.stringify(verify()))
