package hostel

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// onOneThread restricts the test to one thread, as in an instance.
func onOneThread(t *testing.T) {
	before := runtime.GOMAXPROCS(1)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// countedQueue returns a queue that responds to each request with the request's URL, and records
// how many requests each call sends.
func countedQueue(together *[]int) *sendQueue {
	return &sendQueue{sendAll: func(sendings []*sending) {
		*together = append(*together, len(sendings))
		for _, sending := range sendings {
			sending.result.Response = &HTTPResponse{URL: sending.request.URL}
		}
	}}
}

func (q *sendQueue) fetch(url string) string {
	var result HTTPResult
	q.send([]*sending{{request: OutgoingRequest{URL: url}, result: &result}})
	return result.Response.URL
}

func TestRequestsOfGoroutinesAreSentTogether(t *testing.T) {
	onOneThread(t)
	for _, goroutines := range []int{1, 2, 70, 200} {
		for range 50 {
			var together []int
			queue := countedQueue(&together)
			var group sync.WaitGroup
			for i := range goroutines {
				group.Go(func() {
					if url := fmt.Sprint(i); queue.fetch(url) != url {
						t.Error("another result")
					}
				})
			}
			group.Wait()
			if fmt.Sprint(together) != fmt.Sprintf("[%d]", goroutines) {
				t.Fatalf("%d goroutines sent %v", goroutines, together)
			}
		}
	}
}

func TestRequestsOfOneGoroutineAreSentOneByOne(t *testing.T) {
	onOneThread(t)
	var together []int
	queue := countedQueue(&together)
	for range 3 {
		queue.fetch("a")
	}
	if fmt.Sprint(together) != "[1 1 1]" {
		t.Errorf("sent %v", together)
	}
}

func TestTimeoutIsWholeMillisecondsAndAtLeastOne(t *testing.T) {
	for timeout, expected := range map[time.Duration]uint32{
		0: 0, 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2, time.Second: 1000, 1 << 62: 1<<32 - 1,
	} {
		request := OutgoingRequest{Timeout: timeout}
		if millis := request.timeoutMillis(); millis != expected {
			t.Errorf("%v: got %d; expected %d", timeout, millis, expected)
		}
	}
}
