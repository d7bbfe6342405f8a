//go:build wasip1

package hostel

import (
	"runtime/debug"
	"structs"
	"unsafe"
)

// A plugin imports only `send-many` of `hostel:http/client`. With one request, `send-many` is
// equivalent to `send`.
//
//go:wasmimport hostel:http/client@0.1.0 send-many
//go:noescape
func hostSendMany(requests unsafe.Pointer, requestCount uint32, results *witList)

// witOutgoing is the record `request` of `hostel:http/client`.
type witOutgoing struct {
	_                          structs.HostLayout
	method, url, headers, body witList
	hasTimeout                 uint8
	_                          [3]uint8
	timeoutMillis              uint32
	redirects                  uint8
	_                          [3]uint8
}

// witOutcome is `result<response, error>`. For an error, the first byte of status is the kind, and
// url is the message.
type witOutcome struct {
	_                  structs.HostLayout
	isError            uint8
	_                  [3]uint8
	status             uint16
	_                  [2]uint8
	url, headers, body witList
}

// onItsWay keeps alive the data that the host reads during a call, and receives the results.
var onItsWay struct {
	sendings []*sending
	headers  [][]witPair
	results  witList
}

var outgoing = sendQueue{sendAll: sendAll}

func (host) send(sendings []*sending) {
	outgoing.send(sendings)
}

func sendAll(sendings []*sending) {
	startReading()
	defer stopReading()
	// Responses that do not fit into the arena are allocated on Go's heap. A garbage collection
	// during such an allocation would trap.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	onItsWay.sendings, onItsWay.headers = sendings, make([][]witPair, len(sendings))
	requests := make([]witOutgoing, len(sendings))
	for i, sending := range sendings {
		onItsWay.headers[i] = pairsOf(sending.request.Headers)
		requests[i] = lower(&sending.request, onItsWay.headers[i])
	}
	hostSendMany(unsafe.Pointer(unsafe.SliceData(requests)), uint32(len(requests)), &onItsWay.results)
	onItsWay.sendings, onItsWay.headers = nil, nil
	outcomes := items[witOutcome](onItsWay.results)
	for i, sending := range sendings {
		*sending.result = outcomes[i].lift()
	}
}

func pairsOf(headers []Header) []witPair {
	pairs := make([]witPair, len(headers))
	for i, header := range headers {
		pairs[i] = witPair{name: listOfText(header.Name), value: listOf(header.Value)}
	}
	return pairs
}

func lower(request *OutgoingRequest, headers []witPair) witOutgoing {
	millis := request.timeoutMillis()
	return witOutgoing{
		method:        listOfText(request.Method),
		url:           listOfText(request.URL),
		headers:       listOf(headers),
		body:          listOf(request.Body),
		hasTimeout:    uint8(min(millis, 1)),
		timeoutMillis: millis,
		redirects:     uint8(request.Redirects),
	}
}

func (o *witOutcome) lift() HTTPResult {
	if o.isError != 0 {
		return HTTPResult{Err: &HTTPError{HTTPErrorKind(uint8(o.status)), o.url.string()}}
	}
	response := &HTTPResponse{Status: int(o.status), URL: o.url.string(), Body: o.body.bytes()}
	for _, header := range items[witPair](o.headers) {
		header := Header{Name: header.name.string(), Value: header.value.bytes()}
		response.Headers = append(response.Headers, header)
	}
	return HTTPResult{Response: response}
}
