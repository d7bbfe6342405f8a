package hostel

import (
	"runtime"
	"sync"
)

// Requests of several goroutines go to the host together: a call of the host stops all goroutines,
// so one request a call would be sent after the other.

// sending is a request on its way, and where its result goes.
type sending struct {
	request OutgoingRequest
	result  *HTTPResult
}

// sendQueue collects what waits to be sent.
type sendQueue struct {
	// sendAll sends requests at the same time, and stores their results.
	sendAll func([]*sending)

	mutex  sync.Mutex
	queued []*sending
	// sent is closed when those that are queued have their results.
	sent chan struct{}
}

// send queues requests, and returns when they have their results. The goroutine that finds the queue
// empty sends, when no other goroutine goes on to queue more.
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
	// At least twice: the scheduler sometimes resumes a goroutine that yields before those that wait
	// longer, but not twice in a row.
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
