# Verifies a call of an add-on with ruby-jwt, as its author would.
# In: {token, secret}; out: {claims} or {refused}.
require 'json'
require 'jwt'

question = JSON.parse($stdin.read)
begin
  claims, = JWT.decode(question['token'], question['secret'], true, algorithm: 'HS256')
  puts JSON.generate(claims: claims)
rescue JWT::DecodeError => e
  puts JSON.generate(refused: e.message)
end
