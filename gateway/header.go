package gateway

import "net/http"

// maxHeaderBytes bounds the first line and the headers of a request together.
const maxHeaderBytes = 64 << 10

var errLargeHeader = malformed("The address and headers of the call are larger than %d bytes (64 KiB): send less, or use a body.", maxHeaderBytes)

// headerBytes returns how long the first line and the headers of a request are, as
// HTTP/1.1 writes them.
func headerBytes(r *http.Request) int {
	const version, separators = len(" HTTP/1.1\r\n"), len(": \r\n")
	size := len(r.Method) + 1 + len(r.RequestURI) + version
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + separators
		}
	}
	return size
}
