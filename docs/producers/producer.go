// Publishes usage events over HTTP. Needs the standard library only.
// Settings: ANALYTICS_URL, ANALYTICS_ORG, ANALYTICS_API_KEY. It publishes one sample event.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

const triesMax = 5

// Event is one call, made when its stream has ended. Keep its EventID with it, and publish it once.
type Event struct {
	EventID              string    `json:"eventId"`
	OrgID                string    `json:"orgId"`
	ModelID              string    `json:"modelId"`
	ClientID             string    `json:"clientId,omitempty"`
	OccurredAt           time.Time `json:"occurredAt"`
	LatencyMs            int64     `json:"latencyMs"`
	Status               string    `json:"status"`
	ErrorCode            string    `json:"errorCode,omitempty"`
	InputTokens          int64     `json:"inputTokens"`
	OutputTokens         int64     `json:"outputTokens"`
	CacheReadInputTokens int64     `json:"cacheReadInputTokens,omitempty"`
	ServiceTier          string    `json:"serviceTier,omitempty"`
}

// Publish returns once the broker keeps all events. The same events may be published again: each is counted once.
func Publish(events []Event) (int, error) {
	body, err := json.Marshal(events)
	if err != nil {
		return 0, err
	}
	for attempt := 1; ; attempt++ {
		accepted, again, err := post(body)
		if err == nil || !again || attempt == triesMax {
			return accepted, err
		}
		time.Sleep(time.Second << attempt)
	}
}

func post(body []byte) (accepted int, again bool, err error) {
	url := os.Getenv("ANALYTICS_URL") + "/analytics/v1/orgs/" + os.Getenv("ANALYTICS_ORG") + "/events"
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, false, err
	}
	request.Header.Set("X-API-Key", os.Getenv("ANALYTICS_API_KEY"))
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return 0, true, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusAccepted:
		var outcome struct {
			Accepted int
			Rejected []any
		}
		if err := json.NewDecoder(response.Body).Decode(&outcome); err != nil {
			return 0, true, err
		}
		if len(outcome.Rejected) > 0 {
			return outcome.Accepted, false, fmt.Errorf("rejected: %v", outcome.Rejected)
		}
		return outcome.Accepted, false, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return 0, true, fmt.Errorf("status %d", response.StatusCode)
	default:
		return 0, false, fmt.Errorf("status %d", response.StatusCode)
	}
}

func newID() string {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		log.Fatal(err)
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func main() {
	accepted, err := Publish([]Event{{
		EventID: newID(), OrgID: os.Getenv("ANALYTICS_ORG"), ModelID: "00000000-0000-4000-9000-000000000001",
		ClientID: "go", OccurredAt: time.Now().UTC(), LatencyMs: 812, Status: "success",
		InputTokens: 1500, OutputTokens: 320, CacheReadInputTokens: 1000, ServiceTier: "batch",
	}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("accepted", accepted)
}
