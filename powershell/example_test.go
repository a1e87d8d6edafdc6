package powershell_test

import (
	"errors"
	"fmt"
	"strings"

	"connect-entra/powershell"
)

// A table of a command with two parameter sets, the default one first.
var getFruit = []powershell.Parameter{
	{Name: "Name", Type: powershell.StringArray, Sets: []powershell.InSet{{Set: "ByName", Position: 1}}},
	{Name: "Id", Aliases: []string{"Number"}, Type: powershell.Double, Sets: []powershell.InSet{{Set: "ById", Mandatory: true}}},
	{Name: "Ripe", Type: powershell.Switch},
}

func ExampleBind() {
	bound, command, _ := powershell.Bind(getFruit, []string{"apple,", "pear", "-ripe:false", "--", "eat"})
	fmt.Println(bound.Set, bound.Values["Name"].Value, bound.On("Ripe"), command)

	_, _, err := powershell.Bind(getFruit, []string{"apple", "-Number", "x"})
	var bad *powershell.Error
	errors.As(err, &bad)
	fmt.Println(bad.ID)
	fmt.Println(bad.Message)
	// Output:
	// ByName [apple pear] false [eat]
	// ParameterArgumentTransformationError
	// Cannot process argument transformation on parameter 'Id'. Cannot convert value "x" to type "System.Double". Error: "The input string 'x' was not in a correct format."
}

func ExampleBindLine() {
	tables := func(command string) ([]powershell.Parameter, bool) {
		return getFruit, strings.EqualFold(command, "Get-Fruit")
	}
	command, bound, _, err := powershell.BindLine(tables, "$f = Get-Fruit -Number 0x1F `\n  -Ripe | Out-Null # all of them")
	fmt.Println(command, bound.Set, bound.Number("Id"), bound.On("Ripe"), err)
	// Output: Get-Fruit ById 31 true <nil>
}

func ExampleSyntax() {
	fmt.Println("Get-Fruit", strings.Join(powershell.Syntax(getFruit, "ByName"), " "))
	// Output: Get-Fruit [[-Name] <String[]>] [-Ripe]
}
