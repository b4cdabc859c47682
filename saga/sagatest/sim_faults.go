package sagatest

import (
	"time"
)

// plan is what goes wrong in one schedule, and when.
type plan struct {
	// remote and write are the fates of the nth remote call and journal write.
	remote, write map[int]fate
	remotes       int
	writes        int
	// at are what happens at a step of the scheduler.
	at map[int][]func(*Simulation)
	// long is the longest outage.
	long time.Duration
}

// outage is a system that does not work.
type outage struct {
	until time.Time
	// hangs: calls are not answered; else they are refused.
	hangs bool
}

// How far into a schedule faults are put: few schedules have more calls.
const (
	remoteReach = 14
	writeReach  = 20
	stepReach   = 60
)

// newPlan chooses up to four faults; a late request may come with a refusal.
func (s *Simulation) newPlan() plan {
	p := plan{remote: map[int]fate{}, write: map[int]fate{}, at: map[int][]func(*Simulation){}}
	s.lateOnly = s.Chance(6)
	for range s.Rand.IntN(5) {
		if s.lateOnly {
			// Late by itself, or after a refusal: then it is often an undo.
			n := s.Rand.IntN(remoteReach / 2)
			if s.Chance(2) {
				p.remote[n] = refuses
				n += 1 + s.Rand.IntN(3)
			}
			p.remote[n] = comesLate
			continue
		}
		s.addFault(&p)
	}
	return p
}

func (s *Simulation) addFault(p *plan) {
	step := s.Rand.IntN(stepReach)
	switch s.Rand.IntN(12) {
	case 0, 1, 2, 3, 4, 5:
		fates := []fate{refuses, failsBefore, losesReply, comesLate, comesLate, slowReply, diesBefore, diesAfter}
		p.remote[s.Rand.IntN(remoteReach)] = fates[s.Rand.IntN(len(fates))]
	case 6, 7:
		fates := []fate{failsBefore, losesReply, diesBefore, diesAfter}
		p.write[s.Rand.IntN(writeReach)] = fates[s.Rand.IntN(len(fates))]
	case 8:
		system := s.scenario.Systems[s.Rand.IntN(len(s.scenario.Systems))]
		length := []time.Duration{2 * time.Second, 20 * time.Second, 3 * time.Hour}[s.Rand.IntN(3)]
		p.long = max(p.long, length)
		s.outageAt(p, step, system, outage{until: time.Time{}, hangs: s.Chance(2)}, length)
	case 9:
		length := []time.Duration{time.Second, 10 * time.Second, 30 * time.Second}[s.Rand.IntN(3)]
		s.outageAt(p, step, "journal", outage{}, length)
	case 10:
		i := s.Rand.IntN(replicaCount)
		if s.Chance(2) {
			p.on(step, func(s *Simulation) { s.crash(s.replicas[i]) })
			return
		}
		p.on(step, func(s *Simulation) {
			if r := s.replicas[i]; !r.gone && !r.ends {
				s.shutDown(r)
			}
		})
	default:
		// Leases run out while their runners live.
		p.on(step, func(s *Simulation) {
			s.Count("fault: stall")
			s.pass(simLease + 100*time.Millisecond)
		})
	}
}

func (p *plan) on(step int, do func(*Simulation)) { p.at[step] = append(p.at[step], do) }

func (s *Simulation) outageAt(p *plan, step int, system string, o outage, length time.Duration) {
	p.on(step, func(s *Simulation) {
		o.until = time.Now().Add(length)
		if s.down[system].until.Before(o.until) {
			s.down[system] = o
		}
		s.note("%s is down for %s", system, length)
		s.Count("fault: " + system + " down")
	})
}

// crash ends a process between two calls.
func (s *Simulation) crash(r *Replica) {
	if !r.gone {
		s.note("crash of %s", r.name)
		s.Count("fault: crash")
		s.kill(r)
	}
}

// fateOf decides what becomes of a call that the scheduler has picked. Nothing
// is decided about one that hangs.
func (s *Simulation) fateOf(c *call) (v fate, decided bool) {
	switch o := s.down[c.system]; {
	case c.r.gone:
		return s.abandonedFate(c), true
	case c.ctx.Err() != nil:
		return s.abandonedFate(c), true
	case c.reply:
		return proceeds, true
	case !time.Now().Before(o.until):
	case c.system == "journal":
		return failsBefore, true
	case o.hangs:
		return 0, false
	default:
		return refuses, true
	}
	if !s.chaos {
		return proceeds, true
	}
	return s.planned(c), true
}

// abandonedFate is that of a call whose caller waits no more.
func (s *Simulation) abandonedFate(c *call) fate {
	if c.reply {
		fates := []fate{proceeds, failsBefore}
		return fates[s.Rand.IntN(len(fates))]
	}
	fates := []fate{failsBefore, losesReply}
	if !c.write && !time.Now().Before(s.down[c.system].until) {
		fates = append(fates, comesLate)
	}
	if !time.Now().Before(s.down[c.system].until) {
		return fates[s.Rand.IntN(len(fates))]
	}
	return failsBefore
}

func (s *Simulation) planned(c *call) fate {
	n, fates, kind := &s.plan.remotes, s.plan.remote, "remote"
	if c.write {
		n, fates, kind = &s.plan.writes, s.plan.write, "write"
	}
	f, found := fates[*n]
	*n++
	if !found {
		return proceeds
	}
	s.Count("fault: " + kind + " " + fateNames[f])
	if f == diesBefore {
		s.kill(c.r)
	}
	return f
}
