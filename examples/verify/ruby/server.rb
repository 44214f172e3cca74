# A consumer of notifications with Sinatra and the gem `jwt`. Needs PORT and WEBHOOK_SECRET.
require "digest"
require "json"
require "jwt"
require "openssl"
require "sinatra"

SECRET = ENV.fetch("WEBHOOK_SECRET")
raise "WEBHOOK_SECRET is empty" if SECRET.empty?

set :bind, "127.0.0.1"
set :port, ENV.fetch("PORT", "3000").to_i

# The token: whoever made it knows the secret, and vouches for exactly this body.
def signed(request, body)
  signature = request.get_header("HTTP_X_NF_SIGN")
  return false unless signature

  options = { iss: "netlify", verify_iss: true, algorithm: "HS256" }
  claims, _header = JWT.decode(signature, SECRET, true, options)
  claims["sha256"] == Digest::SHA256.hexdigest(body)
rescue JWT::DecodeError
  false
end

# The token never expires. This signature covers the time, so that old deliveries can be refused.
def fresh(request, body)
  id, time, signatures = %w[ID TIMESTAMP SIGNATURE].map { |name| request.get_header("HTTP_WEBHOOK_#{name}").to_s }
  return false unless (Time.now.to_i - time.to_i).abs < 300

  mac = OpenSSL::HMAC.digest("SHA256", SECRET, "#{id}.#{time}.".b + body.b)
  expected = "v1,#{[mac].pack("m0")}"
  signatures.split.any? { |one| Rack::Utils.secure_compare(one, expected) }
end

post "/webhook" do
  body = request.body.read # the bytes, before any parser saw them
  halt 401 unless signed(request, body) && fresh(request, body)

  event = JSON.parse(body)
  logger.info "#{request.get_header("HTTP_X_NETLIFY_EVENT")} #{event["id"]}"
  status 204
end
