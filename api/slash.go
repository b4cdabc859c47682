package api

import (
	"strings"

	"github.com/labstack/echo/v4"
)

// passOverSlash takes the slash at the end of a path for nothing, before the route
// is looked for. An escaped one belongs to the last segment.
func passOverSlash(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		switch {
		case len(u.Path) < 2 || !strings.HasSuffix(u.Path, "/"):
		case u.RawPath == "":
			u.Path = strings.TrimSuffix(u.Path, "/")
		case strings.HasSuffix(u.RawPath, "/"):
			u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
		}
		return next(c)
	}
}
