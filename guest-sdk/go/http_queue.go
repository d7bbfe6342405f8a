package hostel

import (
	"runtime"
	"sync"
)

// The SDK sends the requests of several goroutines in one call to the host. A call blocks all
// goroutines, so separate calls would send the requests one after the other.

// sending is a request to send and the variable for its result.
type sending struct {
	request OutgoingRequest
	result  *HTTPResult
}

type sendQueue struct {
	// sendAll sends requests in parallel and stores their results.
	sendAll func([]*sending)

	mutex  sync.Mutex
	queued []*sending
	// sent is closed when the queued requests have their results.
	sent chan struct{}
}

// send queues requests and returns when they have their results. A goroutine that finds the queue
// empty yields, so that other goroutines can add their requests, and then sends all queued
// requests.
func (q *sendQueue) send(sendings []*sending) {
	q.mutex.Lock()
	isFirst := len(q.queued) == 0
	if isFirst {
		q.sent = make(chan struct{})
	}
	q.queued = append(q.queued, sendings...)
	sent := q.sent
	q.mutex.Unlock()
	if !isFirst {
		<-sent
		return
	}
	// Yield at least twice: the scheduler sometimes resumes a yielding goroutine before goroutines
	// that have waited longer, but not twice in a row.
	for known, count := -1, 0; count > known; {
		runtime.Gosched()
		known, count = count, q.count()
	}
	q.mutex.Lock()
	all := q.queued
	q.queued = nil
	q.mutex.Unlock()
	defer close(sent)
	q.sendAll(all)
}

func (q *sendQueue) count() int {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return len(q.queued)
}
