"""orderdesk_devkit"""
