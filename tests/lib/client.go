// SPDX-License-Identifier: Apache-2.0

// The plan of client.py played by Go's net/http over HTTP/2: the requests of a connection beside one another.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

type request struct {
	Host, Method, Path, Body64 string
	Headers                    [][2]string
}

type plan struct {
	Port        int
	Connections [][]request
}

var answers, http2 int64

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func one(client *http.Client, r request) {
	body, err := base64.StdEncoding.DecodeString(r.Body64)
	check(err)
	var reader io.Reader
	if len(body) > 0 {
		reader = bytes.NewReader(body)
	}
	made, err := http.NewRequest(r.Method, "https://"+r.Host+"/", reader)
	check(err)
	made.URL = &url.URL{Scheme: "https", Host: r.Host, Opaque: "//" + r.Host + r.Path}
	for _, header := range r.Headers {
		made.Header.Add(header[0], strings.TrimSpace(header[1]))
	}
	answer, err := client.Do(made)
	check(err)
	if answer.ProtoMajor == 2 {
		atomic.AddInt64(&http2, 1)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	check(err)
	answer.Body.Close()
	atomic.AddInt64(&answers, 1)
}

func connection(port int, requests []request) {
	name := strings.Split(requests[0].Host, ":")[0]
	transport := &http.Transport{
		ForceAttemptHTTP2: true, MaxConnsPerHost: 1,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: name},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", port))
		},
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	var group sync.WaitGroup
	for _, r := range requests {
		group.Add(1)
		go func(r request) {
			defer group.Done()
			one(client, r)
		}(r)
	}
	group.Wait()
	transport.CloseIdleConnections()
}

func main() {
	var p plan
	check(json.NewDecoder(os.Stdin).Decode(&p))
	for _, requests := range p.Connections {
		connection(p.Port, requests)
	}
	fmt.Printf("{\"answers\": %d, \"http2\": %d}\n", answers, http2)
}
