package community

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"accord/app"
)

// pageSize is how many a page has where nobody says.
const pageSize = 15

func (d *dialect) list(c echo.Context) error {
	who, err := d.manager(c, app.Administrator)
	if err != nil {
		return err
	}
	page, err := pageOf(c.QueryParams())
	if err != nil {
		return err
	}
	people, total, err := d.service.ListPeople(c.Request().Context(), who, page)
	return d.listed(c, people, total, err)
}

func (d *dialect) search(c echo.Context) error { return d.searchBy(c, c.QueryParams()) }

// searchAsTyped serves the document's own address, whose parameters follow an
// ampersand and so are part of the path; some may follow a question mark too.
func (d *dialect) searchAsTyped(c echo.Context) error {
	_, typed, _ := strings.Cut(c.Request().URL.EscapedPath(), "/manage/search&")
	params, _ := url.ParseQuery(typed) // what cannot be read is left out, as of a query
	for name, values := range c.QueryParams() {
		params[name] = append(params[name], values...)
	}
	return d.searchBy(c, params)
}

func (d *dialect) searchBy(c echo.Context, params url.Values) error {
	who, err := d.manager(c, app.Administrator)
	if err != nil {
		return err
	}
	page, err := pageOf(params)
	if err != nil {
		return err
	}
	people, total, err := d.service.SearchPeople(c.Request().Context(), who, params.Get("keyword"), page)
	return d.listed(c, people, total, err)
}

func (d *dialect) listed(c echo.Context, people []app.Person, total int, err error) error {
	if err != nil {
		return err
	}
	answer := listAnswer{Total: total, Users: make([]user, len(people))}
	for i, p := range people {
		answer.Users[i] = d.user(p)
	}
	return succeed(c, answer)
}

// pageOf reads a page; its bounds are the use case's.
func pageOf(params url.Values) (app.Page, error) {
	number, err := numberIn(params, "page", 1)
	if err != nil {
		return app.Page{}, err
	}
	size, err := numberIn(params, "page_size", pageSize)
	return app.Page{Number: number, Size: size}, err
}

func numberIn(params url.Values, name string, otherwise int) (int, error) {
	text := params.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, violated(name, app.TypeMismatch)
	}
	return n, nil
}
