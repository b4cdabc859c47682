package registry

import (
	"context"

	"accord/api/body"
	"accord/app"
)

// invited is the newcomer of a body with the invitation that he brings. It may
// be in the inviter's field or, where everybody needs one, in the code's; the
// former may name the inviter as well. InviteWrong where that is no invitation
// and nobody, or where there is none and has to be.
func (d *dialect) invited(ctx context.Context, in userRequest) (app.Registration, error) {
	newcomer := in.newcomer()
	brought := []body.Value{in.Inviter}
	if d.invitations {
		brought = append(brought, in.Code)
	}
	var err error
	for _, code := range brought {
		if newcomer.Invite, err = d.invite(ctx, code.Secret()); err != nil || newcomer.Invite != "" {
			break
		}
	}
	inviter := in.Inviter.Text()
	switch {
	case err != nil:
		return newcomer, err
	case d.invitations && newcomer.Invite == "":
		return newcomer, &app.Error{Kind: app.InviteWrong, Op: "invite"}
	case inviter == "" || inviter == newcomer.Invite.Reveal():
		return newcomer, nil
	}
	err = d.service.CheckInviter(ctx, inviter)
	if app.KindOf(err) == app.NotFound {
		err = &app.Error{Kind: app.InviteWrong, Op: "invite"}
	}
	newcomer.Attributes.InvitedBy = inviter
	return newcomer, err
}

// invite is the code where it is one of an invitation, else empty.
func (d *dialect) invite(ctx context.Context, code app.Secret) (app.Secret, error) {
	if code == "" {
		return "", nil
	}
	err := d.service.CheckInvite(ctx, code)
	if err != nil && app.KindOf(err) == app.InviteWrong {
		return "", nil
	}
	return code, err
}
