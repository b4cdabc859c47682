package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDevice(t *testing.T) {
	for _, tt := range []struct{ said, agent, want string }{
		{"MAC: 00-D0-F8-00-00-01", "curl/8.5.0", "MAC: 00-D0-F8-00-00-01"},
		{" 我的电脑\x01 ", "", "我的电脑"},
		{"\xff\xfe", "curl/8.5.0", "curl 8.5.0"},
		{strings.Repeat("长", 300), "", strings.Repeat("长", 255)},
		{"", "", ""},
		{"", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36", "Chrome 120.0.0.0, Windows"},
		{"", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1", "Safari 17.2, iOS, iPhone"},
	} {
		require.Equal(t, tt.want, Device(http.Header{"X-Login-Device": {tt.said}, "User-Agent": {tt.agent}}), "%+v", tt)
	}
	require.LessOrEqual(t, len(Device(http.Header{"User-Agent": {strings.Repeat("agent/1 ", 10_000)}})), maxDevice)
}
