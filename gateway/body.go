package gateway

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// readBody reads the body of a call, decompressed, without white space around it. The
// limit holds before and after decompression.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	var in io.Reader = http.MaxBytesReader(w, r.Body, MaxBodyBytes)
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		unzipped, err := gzip.NewReader(in)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = gzip.ErrHeader
		}
		if err != nil {
			return nil, notRead(err)
		}
		defer unzipped.Close()
		in = unzipped
	default:
		w.Header().Set("Accept-Encoding", "gzip")
		return nil, refusal{malformed("The body is encoded as %s: send it plain, or as gzip.", quote(encoding)), http.StatusUnsupportedMediaType}
	}
	body, err := io.ReadAll(io.LimitReader(in, MaxBodyBytes+1))
	if err != nil {
		return nil, notRead(err)
	}
	if len(body) > MaxBodyBytes {
		return nil, errTooLarge
	}
	body = bytes.TrimRight(body, " \t\r\n") // places count from the beginning
	if len(bytes.TrimLeft(body, " \t\r\n")) == 0 {
		return nil, nil
	}
	return body, isJSON(w, r)
}

func malformed(format string, args ...any) *fault.Error {
	return fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, format, args...)
}

var errTooLarge = fault.Invalid("body", "goes on after byte %d, which is the largest allowed (4 MiB): send it in parts", MaxBodyBytes)

// notRead says why a body could not be read.
func notRead(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refusal{fault.New(fault.DeadlineExceeded, fault.ReasonDeadline, "The body did not arrive in time.").Because(err), http.StatusRequestTimeout}
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return malformed("The body is not gzip, as its Content-Encoding says.").Because(err)
	}
	return malformed("The body ends early, or is not encoded as its headers say.").Because(err)
}

// isJSON refuses a body of another media type. One that names none is taken for JSON,
// and so is one that claims to be a form: that is what curl says of all that it posts
// unless told otherwise, and what is no JSON is refused when it is read.
func isJSON(w http.ResponseWriter, r *http.Request) error {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return nil
	}
	media, parameters, err := mime.ParseMediaType(header)
	charset := strings.ToLower(parameters["charset"])
	if err == nil && (charset == "" || charset == "utf-8" || charset == "utf8") &&
		(media == "application/json" || media == "application/x-www-form-urlencoded" ||
			media == "application/merge-patch+json" && r.Method == http.MethodPatch) {
		return nil
	}
	if r.Method == http.MethodPatch {
		w.Header().Set("Accept-Patch", "application/json, application/merge-patch+json") // RFC 5789
	} else {
		w.Header().Set("Accept-Post", "application/json")
	}
	return refusal{malformed("The body is %s: send JSON in UTF-8, with `Content-Type: application/json`.", quote(header)), http.StatusUnsupportedMediaType}
}

// acceptsJSON refuses a caller who could not read the answer (RFC 9110, section
// 12.5.1). What is malformed is ignored.
func acceptsJSON(headers []string) error {
	accept := strings.Join(headers, ",")
	if accept == "" || accept == "*/*" {
		return nil
	}
	understood := false
	for part := range strings.SplitSeq(accept, ",") {
		media, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		understood = true
		switch media {
		case "*/*", "application/*", "application/json", "application/problem+json":
			if parameters["q"] == "" || strings.Trim(parameters["q"], "0.") != "" {
				return nil
			}
		}
	}
	if !understood {
		return nil
	}
	return refusal{malformed("Answers are application/json, which the Accept header %s leaves out.", quote(accept)), http.StatusNotAcceptable}
}

// quote quotes what a caller sent, shortened.
func quote(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
