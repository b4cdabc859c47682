package store

import (
	"encoding/json"
	"fmt"

	"accord/saga"
)

// Columns that stay as Begin wrote them, those an Append replaces, and both.
const (
	sagaFixed    = "id flow subject actor channel request exclusive epoch created_at"
	sagaReplaced = "phase steps state owner due runnable attempts stuck reason entry_count updated_at"
	sagaColumns  = sagaFixed + " " + sagaReplaced
)

type sagaRow struct {
	ID         string `db:"id"`
	Flow       string `db:"flow"`
	Subject    string `db:"subject"`
	Actor      string `db:"actor"`
	Channel    string `db:"channel"`
	Request    string `db:"request"`
	Exclusive  bool   `db:"exclusive"`
	Phase      string `db:"phase"`
	Steps      string `db:"steps"`
	State      []byte `db:"state"`
	Epoch      int64  `db:"epoch"`
	Owner      string `db:"owner"`
	Due        micros `db:"due"`
	Runnable   bool   `db:"runnable"`
	Attempts   int    `db:"attempts"`
	Stuck      bool   `db:"stuck"`
	Reason     string `db:"reason"`
	EntryCount int64  `db:"entry_count"`
	CreatedAt  micros `db:"created_at"`
	UpdatedAt  micros `db:"updated_at"`
}

// rowOf seals the state of a record; one that has ended loses it.
func (j *journal) rowOf(r saga.Record) (sagaRow, error) {
	if r.Phase.Ended() {
		r.State = nil
	}
	state, err := j.seal.seal(r.State, "sagas", "state", r.ID)
	if err != nil {
		return sagaRow{}, err
	}
	steps, err := json.Marshal(r.Steps)
	if err != nil {
		return sagaRow{}, fmt.Errorf("store: steps of saga %s: %w", r.ID, err)
	}
	return sagaRow{
		ID: r.ID, Flow: r.Flow, Subject: r.Subject, Exclusive: r.Exclusive,
		Actor: clip(r.Origin.Actor, maxActor), Channel: clip(r.Origin.Channel, maxChannel), Request: clip(r.Origin.Request, maxRequest),
		Phase: string(r.Phase), Steps: string(steps), State: state, Epoch: r.Epoch,
		Owner: r.Owner, Due: microsOf(r.Due), Runnable: !r.Phase.Ended() && !r.Stuck,
		Attempts: r.Attempts, Stuck: r.Stuck, Reason: clip(r.Reason, maxCause),
		CreatedAt: microsOf(r.CreatedAt), UpdatedAt: microsOf(r.UpdatedAt),
	}, nil
}

func (j *journal) recordOf(row sagaRow) (saga.Record, error) {
	state, err := j.seal.open(row.State, "sagas", "state", row.ID)
	if err != nil {
		return saga.Record{}, err
	}
	r := row.record()
	r.State = state
	return r, nil
}

// unreadable stands for steps that cannot be read. No flow has such a step, so
// that no runner guesses how far the saga has come: it becomes stuck.
const unreadable = "(unreadable)"

// record leaves the state sealed, and out.
func (row sagaRow) record() saga.Record {
	r := saga.Record{
		ID: row.ID, Flow: row.Flow, Subject: row.Subject, Exclusive: row.Exclusive,
		Origin: saga.Origin{Actor: row.Actor, Channel: row.Channel, Request: row.Request},
		Phase:  saga.Phase(row.Phase), Epoch: row.Epoch,
		Owner: row.Owner, Due: row.Due.time(),
		Attempts: row.Attempts, Stuck: row.Stuck, Reason: row.Reason,
		CreatedAt: row.CreatedAt.time(), UpdatedAt: row.UpdatedAt.time(),
	}
	if err := json.Unmarshal([]byte(row.Steps), &r.Steps); err != nil {
		r.Steps = map[string]saga.StepStatus{unreadable: saga.Unknown}
	}
	return r
}

const entryColumns = "saga_id seq event step cause epoch at"

type entryRow struct {
	SagaID string `db:"saga_id"`
	Seq    int64  `db:"seq"`
	Event  string `db:"event"`
	Step   string `db:"step"`
	Cause  string `db:"cause"`
	Epoch  int64  `db:"epoch"`
	At     micros `db:"at"`
}

// entryRows numbers a saga's entries on from the last one it has.
func entryRows(id string, last int64, entries []saga.Entry) []entryRow {
	rows := make([]entryRow, len(entries))
	for i, e := range entries {
		rows[i] = entryRow{
			SagaID: id, Seq: last + int64(i) + 1, Event: string(e.Event), Step: e.Step,
			Cause: clip(e.Cause, maxCause), Epoch: e.Epoch, At: microsOf(e.At),
		}
	}
	return rows
}

func (r entryRow) entry() saga.Entry {
	return saga.Entry{Event: saga.Event(r.Event), Step: r.Step, Cause: r.Cause, Epoch: r.Epoch, At: r.At.time()}
}
