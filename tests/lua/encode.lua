-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local encode = require 'kumo.encode'

check.eq(kumo.encode, encode, 'both are one table')
check.eq(encode.hex_encode('\0\xffabc'), '00ff616263')
check.eq(encode.hex_encode(''), '')
check.fails('string expected', encode.hex_encode)
