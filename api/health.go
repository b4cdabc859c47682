package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

// KeySetAge is how long others may keep the published keys before they ask
// again. Fresh keys are to be published for longer before they sign.
const KeySetAge = time.Minute

func alive(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]bool{"alive": true})
}

func keySet(jwks func() []byte) echo.HandlerFunc {
	return func(c echo.Context) error {
		keys := jwks()
		if len(keys) == 0 {
			return echo.ErrServiceUnavailable
		}
		c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age="+strconv.Itoa(int(KeySetAge/time.Second)))
		return c.Blob(http.StatusOK, "application/jwk-set+json", keys)
	}
}
