//go:build wasip1

package hostel

// Hand-written bindings of `wit/`. The component encoder checks the name and the signature of each
// function against `wit/`. The layouts are those of the component model's canonical ABI, with
// 4-byte addresses.
//
// The linker drops each import that a plugin does not call, so a component imports only the
// functions that it uses. If any code calls methods by name through reflection, the linker keeps
// the imports of all methods of Cache, HTTP and Config: the type of Handle contains Context, and Go
// makes the types of generic functions available to reflection.

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

// witResult is a `result` with an alignment of 4 bytes. The words contain the error or the value.
type witResult struct {
	_       structs.HostLayout
	isError uint8
	_       [3]uint8
	words   [5]uint32
}

// tag returns the first byte: a bool, an enum, or the case of a variant or an option. The host does
// not write the other bytes of that word.
func (r *witResult) tag() uint8 {
	return uint8(r.words[0])
}

// list returns the string or list that begins at this index of the words.
func (r *witResult) list(at int) witList {
	return witList{start: r.words[at], count: r.words[at+1]}
}

// option returns the `option<string>` that begins at this index of the words.
func (r *witResult) option(at int) *string {
	if uint8(r.words[at]) == 0 {
		return nil
	}
	text := r.list(at + 1).string()
	return &text
}

// refusal returns the host's error.
func (r *witResult) refusal() error {
	return refusalOf(r.tag(), r.list(1))
}

func refusalOf(kind uint8, message witList) error {
	return &CacheError{Kind: CacheErrorKind(kind), Message: message.string()}
}

// result receives the results of all host functions that return a witResult. One variable is
// enough, because no other goroutine runs between a call and the reading of its result.
var result witResult

// host passes the SDK's calls to the host that runs the plugin.
type host struct{}

// get returns a value without copying it. If found is true, the caller must call done after reading
// the value.
func (host) get(key string) (value []byte, found bool, err error) {
	startReading()
	hostGet(key, &result)
	return inPlace()
}

// inPlace reads the host's result as an `option<json>` and returns the value without copying it.
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

// hasSome returns the case of the `option<seconds>` for this number of seconds; 0 means none.
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

// flag reads the host's result, which is a bool or has no value, and ends the reading.
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

// answered keeps the data that the host reads after a call of `handle`, so that Go does not free it
// before the next call.
var answered struct {
	response Response
	headers  []witPair
	message  string

	fulfilled witResponse
	failed    witFailure
}

//go:wasmexport hostel:service/handler@0.1.0#handle
func exportHandle(request *witRequest) unsafe.Pointer {
	// Reset the count: a panic may have ended the last call before its readers called done.
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
