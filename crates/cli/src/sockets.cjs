'use strict'
// Loaded into the Netlify CLI by NODE_OPTIONS: its log sockets go to a host that is written into its
// code, and ask no proxy. Here they are opened at the server that NETLIFY_API_URL names instead. And
// `netlify dev` asks the sites of a server on this machine, name.localhost, for their add-ons.

const dns = require('node:dns')
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const tls = require('node:tls')

const VENDOR = 'socketeer.services.netlify.com'
const vendorRequest = https.request
const { lookup } = dns

// RFC 6761 means every such name for this machine; not every system's resolver does.
dns.lookup = function localLookup(name, ...rest) {
  return lookup.call(this, /\.localhost\.?$/i.test(name) ? 'localhost' : name, ...rest)
}

function redirected(options) {
  const server = new URL(process.env.NETLIFY_API_URL)
  const isPlain = server.protocol === 'http:'
  const host = server.hostname.replace(/^\[|\]$/g, '')
  const port = Number(server.port) || (isPlain ? 80 : 443)
  const servername = net.isIP(host) ? '' : host
  return {
    ...options,
    protocol: server.protocol,
    host,
    hostname: host,
    port,
    headers: { ...options.headers, Host: server.host },
    createConnection: () => (isPlain ? net.connect({ host, port }) : tls.connect({ host, port, servername })),
  }
}

https.request = function request(options, ...rest) {
  if (!process.env.NETLIFY_API_URL || options?.host !== VENDOR) {
    return vendorRequest.call(this, options, ...rest)
  }
  const own = redirected(options)
  return own.protocol === 'http:' ? http.request(own, ...rest) : vendorRequest.call(this, own, ...rest)
}
