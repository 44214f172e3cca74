# Where visitors of an add-on's sites arrive, with Sinatra and the gem `jwt`. Needs ADDON_SECRET; PORT is 4000
# unless it is set.
require "json"
require "jwt"
require "sinatra"

SECRET = ENV.fetch("ADDON_SECRET")
raise "ADDON_SECRET is empty" if SECRET.empty?

set :bind, "127.0.0.1"
set :port, ENV.fetch("PORT", "4000").to_i

# What a token says, if it was signed with the add-on's secret and has not expired.
def read(token)
  claims, _header = JWT.decode(token, SECRET, true, algorithm: "HS256")
  claims if claims["exp"]
rescue JWT::DecodeError
  nil
end

# The instance that is asked: the claims of the platform, for a day after a change of secrets of either.
def signed(request)
  found = %w[HTTP_X_NF_SIGN HTTP_X_NF_SIGN_PREVIOUS].map { |name| read(request.get_header(name)) }
  found.find { |claims| claims && claims["netlify_id"] }
end

# Who asks: {} for nobody, nil for a token that proves nothing.
def visitor(request)
  scheme, token = request.get_header("HTTP_AUTHORIZATION").to_s.split(" ", 2)
  return {} unless scheme&.casecmp?("bearer")

  claims = read(token)
  claims if claims && claims["sub"]
end

get "*" do
  content_type :json
  instance, who = signed(request), visitor(request)
  halt 401, { message: "X-Nf-Sign is missing or does not verify" }.to_json unless instance
  halt 401, { message: "your token does not verify" }.to_json unless who

  { instance: instance["id"], site: instance["site_url"], visitor: who["email"] }.to_json
end
