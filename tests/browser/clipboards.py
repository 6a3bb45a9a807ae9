"""What Google Docs, Word and others put on the clipboard, in their formats."""

#: Google Docs: a wrapper that says it is not bold, and styles that say what is.
DOCS = """<meta charset='utf-8'><meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-4a1c8f0e-7fff-1b1e-b6a8-0d0c0e5f2f11"><h2 dir="ltr" style="line-height:1.38;margin-top:18pt;margin-bottom:6pt;"><span style="font-size:16pt;font-family:Arial,sans-serif;color:#000000;background-color:transparent;font-weight:400;font-style:normal;text-decoration:none;vertical-align:baseline;white-space:pre;white-space:pre-wrap;">Create the service</span></h2><p dir="ltr" style="line-height:1.38;margin-top:0pt;margin-bottom:0pt;"><span style="font-size:11pt;font-family:Arial,sans-serif;font-weight:400;white-space:pre-wrap;">Press </span><span style="font-size:11pt;font-family:Arial,sans-serif;font-weight:700;white-space:pre-wrap;">Save</span><span style="font-size:11pt;font-weight:400;white-space:pre-wrap;">, then </span><span style="font-weight:400;font-style:italic;white-space:pre-wrap;">wait</span><span style="font-weight:400;white-space:pre-wrap;"> for </span><span style="font-family:'Courier New',monospace;font-weight:400;white-space:pre-wrap;">ready</span><span style="font-weight:400;">; see </span><a href="https://www.google.com/url?q=https://docs.acme.example/limits&amp;sa=D" style="text-decoration:none;"><span style="color:#1155cc;font-weight:400;text-decoration:underline;">the limits</span></a><span>.\u200b</span></p><br /><ol style="margin-top:0;margin-bottom:0;padding-inline-start:48px;"><li dir="ltr" style="list-style-type:decimal;" aria-level="1"><p dir="ltr" style="line-height:1.38;" role="presentation"><span style="font-weight:400;">One</span></p></li><ul style="margin-top:0;"><li dir="ltr" style="list-style-type:circle;" aria-level="2"><p dir="ltr" role="presentation"><span style="font-weight:400;">Inner</span></p></li></ul><li dir="ltr" aria-level="1"><p dir="ltr" role="presentation"><span style="font-weight:400;">Two</span></p></li></ol><ul><li dir="ltr" role="checkbox" aria-checked="true" aria-level="1"><img src="data:image/png;base64,iVBORw0KGgo=" width="17px" height="17px" alt="checked" role="presentation" /><p dir="ltr" role="presentation" style="display:inline-block;"><span style="font-weight:400;">Done</span></p></li></ul><div dir="ltr" style="margin-left:0pt;" align="left"><table style="border:none;border-collapse:collapse;"><colgroup><col width="312" /><col width="312" /></colgroup><tbody><tr style="height:0pt"><td style="border:solid"><p dir="ltr"><span style="font-weight:400;">Region</span></p></td><td><p dir="ltr"><span>Latency</span></p></td></tr><tr><td><p dir="ltr"><span>eu-1</span></p></td><td><p dir="ltr"><span>18 ms</span></p></td></tr></tbody></table></div><p dir="ltr"><span style="font-family:'Roboto Mono',monospace;font-weight:400;">acme login</span></p><p dir="ltr"><span style="font-family:'Roboto Mono',monospace;font-weight:400;">acme up</span></p><p dir="ltr"><span><span style="border:none;display:inline-block;overflow:hidden;width:300px;height:200px;"><img src="https://lh7-rt.googleusercontent.com/docsz/AD_4nX?key=x" width="300" height="200" alt="The page" /></span></span></p></b><br class="Apple-interchange-newline">"""

DOCS_MARKDOWN = """## Create the service

Press **Save**, then *wait* for `ready`; see [the limits](https://docs.acme.example/limits).

1. One
   - Inner
2. Two

- [x] Done

| Region | Latency |
| --- | --- |
| eu-1 | 18 ms |

```
acme login
acme up
```

The page"""

#: Word for Windows: lists are paragraphs, and their markers stand in what old programs show.
WORD = """<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40"><head><meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=ProgId content=Word.Document><link rel=File-List href="file:///C:/Users/x/clip_filelist.xml"><!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:AllowPNG/></o:OfficeDocumentSettings></xml><![endif]--><style><!-- p.MsoNormal {margin:0cm; font-size:11.0pt;} --></style></head><body lang=EN-US style='tab-interval:36.0pt;word-wrap:break-word'><!--StartFragment--><h1><b>Create the service<o:p></o:p></b></h1><p class=MsoNormal>Press <b style='mso-bidi-font-weight:normal'>Save</b>, then <i>wait</i>&nbsp;for <span style='font-family:"Courier New"'>ready</span>.<o:p></o:p></p><p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-bidi-font-family:Calibri'><span style='mso-list:Ignore'>1.<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp;&nbsp;&nbsp; </span></span></span><![endif]>One<o:p></o:p></p><p class=MsoListParagraphCxSpMiddle style='margin-left:72.0pt;mso-add-space:auto;text-indent:-18.0pt;mso-list:l0 level2 lfo1'><![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>&#183;<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span></span><![endif]>Inner<o:p></o:p></p><p class=MsoListParagraphCxSpLast style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span><span style='mso-list:Ignore'>2.<span>&nbsp;&nbsp;</span></span></span><![endif]>Two <a href="https://docs.acme.example">here</a><o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><table class=MsoTableGrid border=1 cellspacing=0 cellpadding=0 style='border-collapse:collapse'><tr style='mso-yfti-irow:0'><td width=301 valign=top style='width:225.4pt'><p class=MsoNormal>Region<o:p></o:p></p></td><td><p class=MsoNormal>Latency<o:p></o:p></p></td></tr><tr><td><p class=MsoNormal>eu-1<o:p></o:p></p></td><td><p class=MsoNormal>18&nbsp;ms<o:p></o:p></p></td></tr></table><!--EndFragment--></body></html>"""

WORD_MARKDOWN = """# Create the service

Press **Save**, then *wait* for `ready`.

1. One
   - Inner
2. Two [here](https://docs.acme.example)

| Region | Latency |
| --- | --- |
| eu-1 | 18 ms |"""

#: Word for the web: a list for each item, whose level an attribute tells.
WORD_WEB = """<div class="OutlineElement Ltr SCXW1"><p class="Paragraph SCXW1" style="font-size:11pt"><span class="TextRun SCXW1" style="font-weight:bold"><span class="NormalTextRun SCXW1">Before</span></span><span class="EOP SCXW1">&nbsp;</span></p></div><div class="ListContainerWrapper SCXW1"><ul class="BulletListStyle1 SCXW1" role="list"><li role="listitem" data-aria-posinset="1" data-aria-level="1" class="OutlineElement Ltr SCXW1"><p class="Paragraph SCXW1"><span class="TextRun SCXW1"><span class="NormalTextRun SCXW1">One</span></span><span class="EOP SCXW1">&nbsp;</span></p></li></ul></div><div class="ListContainerWrapper SCXW1"><ul class="BulletListStyle2 SCXW1" role="list"><li role="listitem" data-aria-posinset="1" data-aria-level="2" class="OutlineElement Ltr SCXW1"><p class="Paragraph SCXW1"><span class="TextRun SCXW1">Inner</span></p></li></ul></div><div class="ListContainerWrapper SCXW1"><ul role="list"><li role="listitem" data-aria-posinset="2" data-aria-level="1"><p class="Paragraph SCXW1"><span class="TextRun SCXW1">Two</span></p></li></ul></div>"""

WORD_WEB_MARKDOWN = """**Before**

- One
  - Inner
- Two"""

#: What a page may try with somebody who pastes from it.
HOSTILE = """<p onclick="told.push('ran')" style="color:red">Say <a href="javascript:told.push('ran')">this</a> <img src=x onerror="told.push('ran')"> &lt;b&gt; *stars* </p><script>told.push('ran')</script><svg onload="told.push('ran')"></svg><p>b</p>"""

HOSTILE_MARKDOWN = "Say this <b> \\*stars\\*\n\nb"
