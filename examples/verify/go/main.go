// A consumer of notifications with Go's standard library. Needs PORT and WEBHOOK_SECRET.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

var secret = []byte(os.Getenv("WEBHOOK_SECRET"))

func mac(parts ...[]byte) []byte {
	hash := hmac.New(sha256.New, secret)
	for _, part := range parts {
		hash.Write(part)
	}
	return hash.Sum(nil)
}

// read decodes one part of a token.
func read(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}

// signed judges the token: whoever made it knows the secret, and vouches for exactly this body.
func signed(token string, body []byte) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !hmac.Equal(signature, mac([]byte(parts[0]+"."+parts[1]))) {
		return false
	}
	var header struct{ Alg string }
	var claims struct{ Iss, Sha256 string }
	digest := sha256.Sum256(body)
	return read(parts[0], &header) && header.Alg == "HS256" &&
		read(parts[1], &claims) && claims.Iss == "netlify" && claims.Sha256 == hex.EncodeToString(digest[:])
}

// fresh refuses old deliveries: the token never expires, but this signature covers the time.
func fresh(id, timestamp, signatures string, body []byte) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() >= 5*time.Minute {
		return false
	}
	expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac([]byte(id+"."+timestamp+"."), body)))
	for _, one := range strings.Fields(signatures) {
		if hmac.Equal([]byte(one), expected) {
			return true
		}
	}
	return false
}

func verified(header http.Header, body []byte) bool {
	return signed(header.Get("X-Webhook-Signature"), body) &&
		fresh(header.Get("Webhook-Id"), header.Get("Webhook-Timestamp"), header.Get("Webhook-Signature"), body)
}

func consume(response http.ResponseWriter, request *http.Request) {
	// The bytes, before any parser saw them.
	body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, 1<<20))
	if err != nil || !verified(request.Header, body) {
		response.WriteHeader(http.StatusUnauthorized)
		return
	}
	var event struct{ ID string }
	if err := json.Unmarshal(body, &event); err != nil {
		response.WriteHeader(http.StatusBadRequest)
		return
	}
	log.Println(request.Header.Get("X-Netlify-Event"), event.ID)
	response.WriteHeader(http.StatusNoContent)
}

func main() {
	if len(secret) == 0 {
		log.Fatal("WEBHOOK_SECRET is not set")
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "3000"
	}
	http.HandleFunc("/webhook", consume)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, nil))
}
