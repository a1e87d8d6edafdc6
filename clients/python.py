# Prints a token as a program without any SDK gets it. urllib asks the proxies of the
# environment, for loopback too, unless no_proxy says otherwise.
import json, os, sys, urllib.parse, urllib.request

query = urllib.parse.urlencode({"api-version": "2019-08-01", "resource": sys.argv[1].removesuffix("/.default")})
request = urllib.request.Request(os.environ["IDENTITY_ENDPOINT"] + "?" + query, headers={"X-IDENTITY-HEADER": os.environ["IDENTITY_HEADER"]})
print(json.load(urllib.request.urlopen(request))["access_token"])
