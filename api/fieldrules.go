package api

import "accord/app"

// FieldRule is the message about a broken rule: the rule of the field where it has
// one of its own, else the rule alone, to be read after the field's name.
func FieldRule(v app.Violation) (rule Phrase, ofField bool) {
	if rule, ofField = fieldRules[v]; ofField {
		return rule, true
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

// Messages that several rules of a field share.
var (
	passwordRule = Phrase{
		ZH: "密码须为8至16位，并同时包含字母和数字", EN: "A password has 8 to 16 characters, letters and digits among them",
	}
	emailRule  = Phrase{ZH: "邮箱格式不正确", EN: "The e-mail address is not well-formed"}
	mobileRule = Phrase{
		ZH: "手机号只能包含数字，且位数须符合所在国家或地区", EN: "A mobile number consists of digits, as many as its country's numbers have",
	}
)

// fieldRules are the rules of fields that have one definition in every dialect, by
// the use cases' names of the fields.
var fieldRules = map[app.Violation]Phrase{
	{Field: "username", Rule: app.Pattern}: {
		ZH: "用户名须为1–40位字母、数字、-、_或.，以字母或数字开头和结尾，符号不能连续，且不能是保留名称",
		EN: "A user name has 1 to 40 letters, digits, -, _ or ., begins and ends with a letter or digit, has no two marks in a row, " +
			"and is not a reserved name",
	},
	{Field: "email", Rule: app.EmailSyntax}:   emailRule,
	{Field: "email", Rule: app.Pattern}:       emailRule,
	{Field: "email", Rule: app.Length}:        {ZH: "邮箱最多254个字符", EN: "An e-mail address has at most 254 characters"},
	{Field: "password", Rule: app.Pattern}:    passwordRule,
	{Field: "password", Rule: app.Length}:     passwordRule,
	{Field: "newPassword", Rule: app.Pattern}: passwordRule,
	{Field: "newPassword", Rule: app.Length}:  passwordRule,
	{Field: "nickname", Rule: app.Length}:     {ZH: "昵称最多255个字符", EN: "A nickname has at most 255 characters"},
	{Field: "avatarUrl", Rule: app.Pattern}: {
		ZH: "头像须为本人上传的图片地址，或允许的图片网站的地址",
		EN: "An avatar is the address of a picture that the user uploaded, or one of an allowed site",
	},
	{Field: "avatarUrl", Rule: app.Length}:   {ZH: "头像地址最多255个字符，图片不能过大", EN: "An avatar's address has at most 255 characters, and the picture is not too large"},
	{Field: "description", Rule: app.Length}: {ZH: "个人简介最多50个字符", EN: "A description has at most 50 characters"},
	{Field: "location", Rule: app.Length}:    {ZH: "所在地区最多50个字符", EN: "A location has at most 50 characters"},
	{Field: "website", Rule: app.Length}:     {ZH: "个人网站最多50个字符", EN: "A website has at most 50 characters"},
	{Field: "website", Rule: app.Pattern}: {
		ZH: "个人网站须以http://或https://开头，且不含空格", EN: "A website begins with http:// or https:// and has no blanks",
	},
	{Field: "mobile", Rule: app.Pattern}: mobileRule,
	{Field: "internationalCode", Rule: app.NotContainsDict}: {
		ZH: "不支持该国家或地区的手机号", EN: "Numbers of that country are not accepted",
	},
	{Field: "file", Rule: app.NotBlank}: {ZH: "请选择图片文件", EN: "Send a picture in the field file"},
	{Field: "file", Rule: app.Length}: {
		ZH: "图片最大5 MiB，且宽高各不超过4096像素", EN: "A picture has at most 5 MiB and 4096 pixels a side",
	},
	{Field: "file", Rule: app.Pattern}:  {ZH: "图片须为PNG、JPEG、GIF或WebP", EN: "A picture is a PNG, JPEG, GIF or WebP"},
	{Field: "birthday", Rule: app.Past}: {ZH: "生日不能晚于今天", EN: "A birthday is not in the future"},
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
