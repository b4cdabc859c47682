package store

import (
	"encoding/json"
	"fmt"
	"time"

	"accord/app"
)

// attributesDoc is the JSON in which attributes are sealed. It has the fields of
// an app.Attributes, in their order; a field that is renamed loses what is
// stored.
type attributesDoc struct {
	Gender   app.Gender `json:"gender,omitzero"`
	Birthday time.Time  `json:"birthday,omitzero"`
	Sign     string     `json:"sign,omitzero"`
	Cover    string     `json:"cover,omitzero"`

	RealName   string `json:"realName,omitzero"`
	Identity   string `json:"identity,omitzero"`
	Anonym     string `json:"anonym,omitzero"`
	Company    string `json:"company,omitzero"`
	Occupation string `json:"occupation,omitzero"`
	Address    string `json:"address,omitzero"`
	Zipcode    string `json:"zipcode,omitzero"`
	Education  string `json:"education,omitzero"`
	University string `json:"university,omitzero"`
	Major      string `json:"major,omitzero"`
	IDCardType string `json:"idCardType,omitzero"`
	IDCard     string `json:"idCard,omitzero"`
	QQ         string `json:"qq,omitzero"`
	Introduce  string `json:"introduce,omitzero"`
	Remark     string `json:"remark,omitzero"`
	Source     string `json:"source,omitzero"`
	InvitedBy  string `json:"invitedBy,omitzero"`

	CorpName string `json:"corpName,omitzero"`
	DeptName string `json:"deptName,omitzero"`
	CorpID   int32  `json:"corpId,omitzero"`
	DeptID   int32  `json:"deptId,omitzero"`
	Push     int32  `json:"push,omitzero"`
	Alert    int32  `json:"alert,omitzero"`
}

// sealAttributes returns nil for none.
func (s sealing) sealAttributes(id string, a app.Attributes) ([]byte, error) {
	if a == (app.Attributes{}) {
		return nil, nil
	}
	plain, err := json.Marshal(attributesDoc(a))
	if err != nil {
		return nil, fmt.Errorf("store: encode attributes of %s: %w", id, err)
	}
	return s.seal(plain, "accounts", "attributes", id)
}

func (s sealing) openAttributes(id string, sealed []byte) (app.Attributes, error) {
	plain, err := s.open(sealed, "accounts", "attributes", id)
	if err != nil || plain == nil {
		return app.Attributes{}, err
	}
	var doc attributesDoc
	if err := json.Unmarshal(plain, &doc); err != nil {
		return app.Attributes{}, fmt.Errorf("store: decode attributes of %s: %T", id, err) // whose text quotes them
	}
	return app.Attributes(doc), nil
}
