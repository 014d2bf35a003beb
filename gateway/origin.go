package gateway

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/rs/cors"
)

// crossOrigin returns what lets the pages of some origins call (CORS): nothing where
// there are none. Tokens travel in a header that pages set themselves, so credentials
// of the browser are never asked for.
func crossOrigin(origins []string) (func(http.Handler) http.Handler, error) {
	if len(origins) == 0 {
		return func(next http.Handler) http.Handler { return next }, nil
	}
	for _, origin := range origins {
		if origin == "*" {
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			return nil, fmt.Errorf("the CORS origin %q is not scheme://host or scheme://host:port, as https://console.example.com", origin)
		}
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key",
			requestIDHeader, "Traceparent", "Tracestate", "Grpc-Timeout"},
		ExposedHeaders: []string{"ETag", requestIDHeader, "Retry-After"},
		MaxAge:         600, // seconds
	}).Handler, nil
}
