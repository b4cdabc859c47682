package api

import "accord/app"

// FieldRule is the message about a broken rule: that of the field's definition if
// it has one, else the rule alone, to be read after the field's name.
func FieldRule(v app.Violation) (rule Phrase, ofField bool) {
	if rule, ofField = pictureRules[v]; ofField {
		return rule, true
	}
	if _, known := app.FieldNamed(fieldOf(v.Field)); known && aboutText[v.Rule] {
		return FieldWords(fieldOf(v.Field)), true
	}
	if rule, known := bareRules[v.Rule]; known {
		return rule, false
	}
	return Phrase{ZH: "不正确", EN: "is not valid"}, false
}

// FieldMessage is the whole message about a broken rule of a field that the
// dialect calls name.
func FieldMessage(v app.Violation, name string) Phrase {
	rule, ofField := FieldRule(v)
	if ofField {
		return rule
	}
	return Phrase{ZH: name + rule.ZH, EN: name + " " + rule.EN}
}

// FieldWords is the message of the definition that the use cases call name.
func FieldWords(name string) Phrase {
	definition, _ := app.FieldNamed(name)
	return Phrase{ZH: definition.ZH, EN: definition.EN}
}

// fieldOf names the definition that a field of a request has.
func fieldOf(name string) string {
	switch name {
	case "newPassword":
		return "password"
	case "verifyCode", "smsCode":
		return "code"
	}
	return name
}

// aboutText are the rules that the message of a field's definition is about.
var aboutText = map[app.Rule]bool{
	app.Length: true, app.Pattern: true, app.EmailSyntax: true, app.NotContainsDict: true, app.Past: true,
}

// pictureRules are about uploads, which are no text.
var pictureRules = map[app.Violation]Phrase{
	{Field: "file", Rule: app.NotBlank}: {ZH: "请选择图片文件", EN: "Send a picture in the field file"},
	{Field: "file", Rule: app.Length}: {
		ZH: "图片最大5 MiB，且宽高各不超过4096像素", EN: "A picture has at most 5 MiB and 4096 pixels a side",
	},
	{Field: "file", Rule: app.Pattern}: {ZH: "图片须为PNG、JPEG、GIF或WebP", EN: "A picture is a PNG, JPEG, GIF or WebP"},
}

// bareRules are the rules without a field.
var bareRules = map[app.Rule]Phrase{
	app.NotBlank:        {ZH: "不能为空", EN: "is required"},
	app.Length:          {ZH: "长度或大小超出限制", EN: "is beyond its limits of length or size"},
	app.Pattern:         {ZH: "格式不正确", EN: "is not well-formed"},
	app.EmailSyntax:     {ZH: "须为邮箱地址", EN: "must be an e-mail address"},
	app.NotContainsDict: {ZH: "不是允许的值", EN: "is not one of the allowed values"},
	app.TypeMismatch:    {ZH: "类型不正确", EN: "has the wrong type"},
	app.Past:            {ZH: "不能是将来的日期", EN: "must not be in the future"},
	app.Reused:          {ZH: "已用于另一个请求", EN: "was used for another request"},
	app.Fixed:           {ZH: "不能在此修改", EN: "cannot be changed here"},
}
