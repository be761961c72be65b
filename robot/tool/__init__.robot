*** Settings ***
Documentation       What Emberwatch promises to someone who brings a program of their own, in keywords and on the command line.
