//go:build wasip1

package hostel

// The contract of `wit/`: the files wit*.go are the one place where its shapes meet the types of
// this package. They are written by hand, since they are few; encoding a plugin as a component
// checks the name and the signature of each function against `wit/`. Layouts are those of the
// component model's canonical ABI, in which an address has 4 bytes.
//
// The linker drops each import that a plugin does not call, so that its component shows what it
// uses. It keeps those of all methods of Cache where reflection calls methods by name: Handle names
// Context in a type of its own, which Go's generic functions always offer to reflection.

import (
	"strings"
	"structs"
	"unsafe"
)

//go:wasmimport hostel:cache/cache@0.1.1 get
//go:noescape
func hostGet(key string, result *witResult)

//go:wasmimport hostel:cache/cache@0.1.1 set
//go:noescape
func hostSet(key string, value unsafe.Pointer, valueBytes, hasExpiry, seconds uint32, result *witResult)

//go:wasmimport hostel:cache/cache@0.1.1 delete
//go:noescape
func hostDelete(key string, result *witResult)

//go:wasmimport hostel:cache/cache@0.1.1 exists
//go:noescape
func hostExists(key string, result *witResult)

//go:wasmimport hostel:log/log@0.1.0 log
//go:noescape
func hostLog(level uint32, message string)

// witResult is a `result` of any type whose parts are aligned to 4 bytes: an error, or a value of
// as many words as its type has.
type witResult struct {
	_       structs.HostLayout
	isError uint8
	_       [3]uint8
	words   [5]uint32
}

// tag is the first word where it is a bool, an enum, or the case of a variant or an option: one
// byte. The host leaves the others as they were.
func (r *witResult) tag() uint8 {
	return uint8(r.words[0])
}

// list is the string or list whose first word is at this place.
func (r *witResult) list(at int) witList {
	return witList{start: r.words[at], count: r.words[at+1]}
}

// option is the `option<string>` whose first word is at this place.
func (r *witResult) option(at int) *string {
	if uint8(r.words[at]) == 0 {
		return nil
	}
	text := r.list(at + 1).string()
	return &text
}

// refusal is the error.
func (r *witResult) refusal() error {
	return refusalOf(r.tag(), r.list(1))
}

func refusalOf(kind uint8, message witList) error {
	return &CacheError{Kind: CacheErrorKind(kind), Message: message.string()}
}

// result is where the host writes its answer. One is enough: nothing runs between a call and the
// reading of its result.
var result witResult

// host is the cache and the log of the host that runs the plugin.
type host struct{}

// get answers a value in place. When there is one, the caller reads it and then calls done.
func (host) get(key string) (value []byte, found bool, err error) {
	startReading()
	hostGet(key, &result)
	return inPlace()
}

// inPlace is a result that is an `option<json>`, which is read in place when there is one.
func inPlace() (value []byte, found bool, err error) {
	if result.isError != 0 {
		err = result.refusal()
	} else if result.tag() != 0 {
		return items[byte](result.list(1)), true, nil
	}
	stopReading()
	return nil, false, err
}

func (host) done() {
	stopReading()
}

func (host) set(key string, value []byte, seconds uint32) error {
	startReading()
	hostSet(key, unsafe.Pointer(unsafe.SliceData(value)), uint32(len(value)), hasSome(seconds), seconds, &result)
	_, err := flag()
	return err
}

// hasSome is the case of an `option<seconds>`, of which 0 stands for none.
func hasSome(seconds uint32) uint32 {
	return min(seconds, 1)
}

func (host) delete(key string) (bool, error) {
	startReading()
	hostDelete(key, &result)
	return flag()
}

func (host) exists(key string) (bool, error) {
	startReading()
	hostExists(key, &result)
	return flag()
}

func (host) log(level Level, message string) {
	hostLog(uint32(level), strings.ToValidUTF8(message, "\ufffd"))
}

// flag ends the reading of a result that is a bool or nothing.
func flag() (bool, error) {
	if result.isError == 0 {
		is := result.tag() != 0
		stopReading()
		return is, nil
	}
	err := result.refusal()
	stopReading()
	return false, err
}

type witServiceInfo struct {
	_                 structs.HostLayout
	name, description witList
}

var listed struct {
	infos []witServiceInfo
	list  witList
}

//go:wasmexport hostel:service/handler@0.1.0#services
func exportServices() *witList {
	listed.infos = nil
	for i := range services {
		info := witServiceInfo{
			name:        listOfText(services[i].name),
			description: listOfText(services[i].description),
		}
		listed.infos = append(listed.infos, info)
	}
	listed.list = listOf(listed.infos)
	return &listed.list
}

type witRequest struct {
	_              structs.HostLayout
	service, id    witList
	hasContentType uint8
	_              [3]uint8
	contentType    witList
	body           witList
	hasHTTP        uint8
	_              [3]uint8
	http           witHTTPRequest
}

type witHTTPRequest struct {
	_                                                           structs.HostLayout
	method, path, pathParams, query, authority, client, headers witList
}

type witPair struct {
	_           structs.HostLayout
	name, value witList
}

type witResponse struct {
	_              structs.HostLayout
	isFailure      uint8
	_              [3]uint8
	status         uint16
	_              [2]uint8
	hasContentType uint8
	_              [3]uint8
	contentType    witList
	headers        witList
	body           witList
}

type witFailure struct {
	_         structs.HostLayout
	isFailure uint8
	_         [3]uint8
	kind      uint8
	_         [3]uint8
	message   witList
}

// answered is what the host reads after a call of `handle`: kept alive here until the next one.
var answered struct {
	response Response
	headers  []witPair
	message  string

	fulfilled witResponse
	failed    witFailure
}

//go:wasmexport hostel:service/handler@0.1.0#handle
func exportHandle(request *witRequest) unsafe.Pointer {
	// Whoever still read when a panic ended the last call does so no more.
	readers = 1
	if request.body.count > 0 {
		growStack()
	}
	ctx := newContext(host{}, request.lift())
	stopReading()
	response, failure := respond(ctx)
	if failure != nil {
		return answerFailure(failure)
	}
	return answerResponse(response)
}

func (r *witRequest) lift() Request {
	request := Request{Service: r.service.string(), ID: r.id.string(), Body: r.body.bytes()}
	if r.hasContentType != 0 {
		request.ContentType = r.contentType.string()
	}
	if r.hasHTTP != 0 {
		request.HTTP = r.http.lift()
	}
	return request
}

func (h *witHTTPRequest) lift() *HTTPRequest {
	request := &HTTPRequest{
		Method:    h.method.string(),
		Path:      h.path.string(),
		Query:     h.query.string(),
		Authority: h.authority.string(),
		Client:    h.client.string(),
	}
	for _, param := range items[witPair](h.pathParams) {
		param := PathParam{Name: param.name.string(), Value: param.value.string()}
		request.PathParams = append(request.PathParams, param)
	}
	for _, header := range items[witPair](h.headers) {
		header := Header{Name: header.name.string(), Value: header.value.bytes()}
		request.Headers = append(request.Headers, header)
	}
	return request
}

func answerResponse(response Response) unsafe.Pointer {
	answered.response, answered.headers = response, answered.headers[:0]
	for i := range response.Headers {
		header := &response.Headers[i]
		pair := witPair{name: listOfText(header.Name), value: listOf(header.Value)}
		answered.headers = append(answered.headers, pair)
	}
	fulfilled := &answered.fulfilled
	*fulfilled = witResponse{
		status:      uint16(response.Status),
		contentType: listOfText(response.ContentType),
		headers:     listOf(answered.headers),
		body:        listOf(response.Body),
	}
	if response.ContentType != "" {
		fulfilled.hasContentType = 1
	}
	return unsafe.Pointer(fulfilled)
}

func answerFailure(failure *Failure) unsafe.Pointer {
	answered.response = Response{}
	answered.message = strings.ToValidUTF8(failure.Message, "\ufffd")
	answered.failed = witFailure{
		isFailure: 1,
		kind:      uint8(failure.Kind),
		message:   listOfText(answered.message),
	}
	return unsafe.Pointer(&answered.failed)
}
